/**
 * A node's life: its sshd is started, restarted and renewed, ends with its cluster, and never takes the cluster with it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Cluster, RUNS_SSHD } from "../support/cluster.ts";
import { Visitor } from "../support/node/visitor.ts";
import { freePort, Running, startTool } from "../support/processes.ts";

const ignore = !RUNS_SSHD;
/** In a namespace where this user is an ordinary one, with all its files still its own. */
const AS_NOBODY = ["--user", "--map-user=1000", "--map-group=1000"];

/** Pid of the node's sshd. */
async function sshdPid(folder: string): Promise<number> {
  return Number(await Deno.readTextFile(`${folder}/data/node/sshd.pid`));
}

async function answers(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return await connection.read(new Uint8Array(4)) === 4;
  } catch {
    return false;
  }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  assert.fail(`never: ${what}`);
}

Deno.test({
  name: "an sshd that dies is started again, and sessions go on",
  ignore,
  async fn() {
    await using cluster = await Cluster.start();
    await using ada = await Visitor.invite(cluster, "ada", { logins: "root" });
    const key = await ada.loginKey();
    const session = ada.ssh(key, "root", "sleep 3; echo still here");
    await cluster.process.waitFor(/Accepted publickey for root/);
    const pid = await sshdPid(cluster.folder);
    Deno.kill(pid, "SIGKILL");
    await cluster.process.waitFor(/ERROR .*\[node\] sshd ended \(SIGKILL\) and is started again/);
    await eventually("another sshd answers", async () => {
      const another = await sshdPid(cluster.folder).catch(() => pid);
      return another !== pid && await answers(cluster.nodePort);
    });
    await eventually(
      "the node is listed again",
      async () => (await cluster.tctl("nodes", "ls")).stdout.includes("server01"),
    );
    assert.equal((await ada.ssh(key, "root", "echo in")).stdout, "in\n");
    assert.equal((await session).stdout, "still here\n");
  },
});

Deno.test({
  name: "no sshd outlives a cluster that is killed, and the next one has the port",
  ignore,
  async fn() {
    await using cluster = await Cluster.start();
    const pid = await sshdPid(cluster.folder);
    await cluster.killAndRestart();
    await eventually("another sshd answers", async () => {
      const another = await sshdPid(cluster.folder).catch(() => pid);
      return another !== pid && await answers(cluster.nodePort);
    });
    await cluster.process.stop();
    assert.equal(await answers(cluster.nodePort), false);
    assert.equal(
      await Deno.stat(`${cluster.folder}/data/node/policy.json`).then(() => true, () => false),
      false,
    );
  },
});

Deno.test({
  name: "an sshd that was left behind is ended by the next start",
  ignore,
  async fn() {
    await using cluster = await Cluster.start();
    const config = `${cluster.folder}/data/node/sshd_config`;
    await cluster.process.stop();
    // As where the system cannot end it with its parent.
    const left = new Deno.Command("/usr/sbin/sshd", {
      args: ["-D", "-e", "-f", config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await eventually("it answers", () => answers(cluster.nodePort));
    await using again = start(cluster.folder);
    await again.waitFor(/WARN .*ending the sshd with pid \d+, which outlived its cluster/);
    await again.waitFor(/is ready/);
    await left.status;
    assert.ok(await answers(cluster.nodePort));
  },
});

Deno.test({
  name: "a port that is taken leaves the cluster running and the node unlisted, until it is free",
  ignore,
  async fn() {
    await using cluster = await Cluster.start();
    await cluster.process.stop();
    const listener = Deno.listen({ hostname: "127.0.0.1", port: cluster.nodePort });
    await using again = start(cluster.folder);
    await again.waitFor(
      new RegExp(
        `ERROR .*ssh_service does not run, and is tried again: cannot listen on 127\\.0\\.0\\.1:${cluster.nodePort}: ` +
          "another program uses that port\\. .*ssh_service\\.listen_addr",
      ),
    );
    await again.waitFor(/is ready/);
    assert.doesNotMatch((await cluster.tctl("nodes", "ls")).stdout, /server01/);
    listener.close();
    await again.waitFor(/listed as node server01/);
    assert.match((await cluster.tctl("nodes", "ls")).stdout, /server01/);
  },
});

Deno.test({
  name: "without root the cluster runs, says why there is no node, and what to do",
  ignore: !canBeNobody(),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "latchkey-ordinary-" });
    try {
      await Deno.writeTextFile(
        `${folder}/teleport.yaml`,
        `version: v3
teleport: { nodename: server01, data_dir: ${folder}/data }
auth_service: { cluster_name: demo }
proxy_service: { web_listen_addr: "127.0.0.1:${freePort()}" }
ssh_service: { enabled: yes, listen_addr: "127.0.0.1:${freePort()}" }
`,
      );
      const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
      await using teleport = new Running(
        new Deno.Command("unshare", {
          args: [
            ...AS_NOBODY,
            Deno.execPath(),
            ...["run", "-A", "--no-check", "--quiet", main, "teleport", "start"],
            ...["-c", `${folder}/teleport.yaml`],
          ],
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }).spawn(),
      );
      await teleport.waitFor(
        /ERROR .*ssh_service does not run: only root can let other users log in\. Run teleport start as root/,
      );
      await teleport.waitFor(/is ready/);
      await Deno.stat(`${folder}/data/node`).then(
        () => assert.fail("there are files of a node"),
        () => {},
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

function canBeNobody(): boolean {
  try {
    return new Deno.Command("unshare", { args: [...AS_NOBODY, "true"] }).outputSync().success;
  } catch {
    return false;
  }
}

function start(folder: string): Running {
  return startTool("teleport", ["start", "-c", `${folder}/teleport.yaml`], {
    env: { HOME: folder },
  });
}
