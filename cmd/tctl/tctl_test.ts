/** tctl against a real cluster: exact words, streams and exit codes. */

import assert from "node:assert/strict";
import type { Caller } from "../../lib/auth/mod.ts";
import { InProcessCluster, newCommand } from "../../tests/support/in_process_cluster.ts";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { writeRuntimeFacts } from "../data_dir.ts";
import { runTool } from "../tool.ts";
import { tctl } from "./mod.ts";

type Result = [code: number, stdout: string, stderr: string];
type Run = (...args: string[]) => Promise<Result>;

const ADMIN: Caller = { kind: "admin", client: { address: "127.0.0.1" } };

/** A cluster, and tctl for it. */
async function withCluster(
  test: (run: Run, cluster: InProcessCluster) => Promise<void>,
): Promise<void> {
  await using cluster = await InProcessCluster.start();
  const { dataDir, port } = cluster;
  await writeRuntimeFacts(dataDir, {
    pid: Deno.pid,
    address: `127.0.0.1:${port}`,
    clusterName: "demo",
  });
  await test(async (...args) => {
    const deps = new ToolDeps();
    const code = await runTool(tctl(deps), ["--data-dir", dataDir, ...args], deps);
    return [code, deps.out, deps.err];
  }, cluster);
}

const NODE = `kind: node
sub_kind: openssh
version: v2
metadata:
  name: 5da56852-2adb-4540-a37c-80790203f6a9
  labels:
    env: prod
    arch: x86_64
spec:
  addr: 127.0.0.1:22
  hostname: openssh-node
`;

async function withFile(text: string, test: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, text);
    await test(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("tctl users: add, ls, reset, rm", () =>
  withCluster(async (run, cluster) => {
    assert.deepEqual(await run("users", "ls"), [0, "No users found\n", ""]);
    assert.deepEqual(await run("users", "ls", "--format=json"), [0, "[]\n", ""]);

    const [code, stdout, stderr] = await run(
      "users",
      "add",
      "alice",
      "--roles=access,editor",
      "--logins=root,alice",
    );
    assert.deepEqual([code, stderr], [0, ""]);
    const host = `localhost:${cluster.port}`;
    const token = /invite\/(\S+)/.exec(stdout)?.[1];
    assert.equal(
      stdout,
      `User "alice" has been created but requires a password. Share this URL with the user to complete user setup, link is valid for 1h:
https://${host}/web/invite/${token}

NOTE: Make sure ${host} points at a Teleport proxy which users can access.
`,
    );
    assert.deepEqual(await run("users", "add", "alice", "--roles=access"), [
      1,
      "",
      'ERROR: user "alice" already registered\n',
    ]);
    await run("users", "add", "carol", "--roles", "access", "--roles", "auditor");
    assert.deepEqual(await run("users", "ls"), [
      0,
      "User  Roles\n----- --------------\nalice access,editor\ncarol access,auditor\n",
      "",
    ]);
    const [, json] = await run("users", "ls", "--format=json");
    const [alice] = JSON.parse(json);
    assert.ok(Math.abs(Date.parse(alice.spec.created_by.time) - Date.now()) < 60_000);
    delete alice.spec.created_by;
    assert.deepEqual(alice, {
      kind: "user",
      version: "v2",
      metadata: { name: "alice" },
      spec: {
        roles: ["access", "editor"],
        traits: { logins: ["root", "alice"] },
        status: { is_locked: false },
      },
    });

    const [resetCode, reset] = await run("users", "reset", "alice", "--ttl=2h");
    assert.equal(resetCode, 0);
    assert.match(
      reset,
      /^User "alice" has been reset\. Share this URL with the user to complete password reset, link is valid for 2h:\nhttps:/,
    );
    assert.ok(!reset.includes(token!));
    await assert.rejects(
      cluster.auth.registration.invitation(token!, { address: "127.0.0.1" }),
      { code: "not_found" },
      "the first invitation is void",
    );

    assert.deepEqual(await run("users", "rm", "alice,carol"), [
      0,
      'User "alice" has been deleted\nUser "carol" has been deleted\n',
      "",
    ]);
    assert.deepEqual(await run("users", "ls"), [0, "No users found\n", ""]);
  }));

Deno.test("tctl users says what is wrong, and leaves no half of a user", () =>
  withCluster(async (run) => {
    const missing = 'ERROR: user "nosuch" is not found\n';
    for (const verb of ["rm", "reset"]) {
      const [code, stdout, stderr] = await run("users", verb, "nosuch");
      assert.deepEqual([code, stdout], [1, ""]);
      assert.ok(stderr.startsWith(missing), stderr);
    }
    assert.deepEqual(await run("users", "add", "x", "--roles=nosuch"), [
      1,
      "",
      "ERROR: role nosuch is not found\n",
    ]);
    const [code, stdout, stderr] = await run(
      "users",
      "add",
      "carol",
      "--roles=access",
      "--ttl=100h",
    );
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^ERROR: .*48/);
    assert.deepEqual(await run("users", "ls"), [0, "No users found\n", ""]);
  }));

Deno.test("tctl users add --format=json prints the token as a resource", () =>
  withCluster(async (run) => {
    const [, stdout] = await run("users", "add", "bob", "--roles=access", "--format=json");
    const { kind, sub_kind, metadata, spec } = JSON.parse(stdout);
    assert.deepEqual([kind, sub_kind, spec.user], ["user_token", "invite", "bob"]);
    assert.ok(spec.url.endsWith(metadata.name));
    assert.equal(Date.parse(metadata.expires) - Date.parse(spec.created), 3_600_000);
  }));

Deno.test("tctl create, nodes ls and rm", () =>
  withCluster(async (run) => {
    await withFile(
      `${NODE}---\n${NODE.replace(/ {2}name: .*\n/, "").replace("openssh-node", "a-node")}`,
      async (file) => {
        const [code, stdout, stderr] = await run("create", file);
        assert.deepEqual([code, stderr], [0, ""]);
        const [, second] =
          /^node 5da56852-2adb-4540-a37c-80790203f6a9 has been created\nnode (\S{36}) has been created\n$/
            .exec(stdout) ?? assert.fail(stdout);
        const short = `${second!.slice(0, 16)}...`;
        assert.deepEqual(await run("nodes", "ls"), [
          0,
          `Host         UUID                Public Address Labels               Version
------------ ------------------- -------------- -------------------- -------
a-node       ${short} 127.0.0.1:22   arch=x86_64,env=prod
openssh-node 5da56852-2adb-45... 127.0.0.1:22   arch=x86_64,env=prod
`,
          "",
        ]);
        const [, verbose] = await run("nodes", "ls", "-v");
        assert.ok(verbose.includes("5da56852-2adb-4540-a37c-80790203f6a9"));
        assert.deepEqual((await run("create", "-f", file))[0], 0, "again is no mistake");
        assert.deepEqual(await run("rm", `node/${second}`).then(([code]) => code), 0);
      },
    );
    assert.deepEqual(JSON.parse((await run("nodes", "ls", "--format=json"))[1]).length, 2);
    assert.deepEqual(await run("nodes", "ls", "--search=openssh-node", "--format=yaml"), [
      0,
      NODE,
      "",
    ]);
    assert.deepEqual(await run("nodes", "ls", "env=prod,arch=arm64", "--format=json"), [
      0,
      "[]\n",
      "",
    ]);
    assert.deepEqual(
      await run(
        "nodes",
        "ls",
        '--query=labels["env"] == "prod"',
        "--search=openssh-node",
        "--format=yaml",
      ),
      [0, NODE, ""],
    );
    assert.deepEqual(await run("rm", "node/5da56852-2adb-4540-a37c-80790203f6a9"), [
      0,
      "node 5da56852-2adb-4540-a37c-80790203f6a9 has been deleted\n",
      "",
    ]);
    const [code, stdout, stderr] = await run("rm", "node/nosuch");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^ERROR: .*nosuch.* is not found\n/);
  }));

Deno.test("tctl status shows the cluster", () =>
  withCluster(async (run, { port }) => {
    const [code, stdout, stderr] = await run("status");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      new RegExp(
        `^Cluster  demo\nVersion  \\S+\nProxy    localhost:${port}\nCA pin   sha256:[0-9a-f]{64}\n$`,
      ),
    );
  }));

Deno.test("tctl says that the cluster was killed when its last words are there but nobody answers", () =>
  withCluster(async (run, cluster) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await writeRuntimeFacts(cluster.dataDir, {
      pid: 4711,
      address: `127.0.0.1:${port}`,
      clusterName: "demo",
    });
    assert.deepEqual(await run("status"), [
      1,
      "",
      `ERROR: no cluster answers at 127.0.0.1:${port}: connection refused
The cluster ran with pid 4711 and may have been killed. Start it with: teleport start
`,
    ]);
    const [code, , stderr] = await run("--auth-server", `127.0.0.1:${cluster.port}`, "status");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal((await run("--auth-server=nonsense", "status"))[0], 2);
  }));

Deno.test("tctl refuses another cluster that answers at the address", () =>
  withCluster(async (run) => {
    await using other = await InProcessCluster.start();
    const [code, stdout, stderr] = await run(
      "--auth-server",
      `127.0.0.1:${other.port}`,
      "users",
      "ls",
    );
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^ERROR: what answers at 127\.0\.0\.1:\d+ is another cluster: /);
  }));

Deno.test("tctl with another cluster's certificate for the right cluster is refused", () =>
  withCluster(async (run, cluster) => {
    await using other = await InProcessCluster.start();
    const path = "admin/identity.pem";
    const [ours, theirs] = await Promise.all(
      [cluster, other].map(({ dataDir }) => Deno.readTextFile(`${dataDir}/${path}`)),
    );
    const blocks = (text: string) => text.match(/-----BEGIN[^]+?-----END [A-Z ]+-----\n/g)!;
    const mixed = [...blocks(theirs!).slice(0, 2), ...blocks(ours!).slice(2)].join("");
    await Deno.writeTextFile(`${cluster.dataDir}/${path}`, mixed);
    const [code, stdout] = await run("users", "ls");
    assert.deepEqual([code, stdout], [1, ""]);
  }));

Deno.test("tctl with the certificate of a user of role access is refused", () =>
  withCluster(async (run, cluster) => {
    using alice = await cluster.person("alice");
    const { id, keys } = newCommand("alice");
    const login = cluster.auth.headless.login(
      { user: "alice", id, sshPublicKey: keys.sshPublicKey, tlsPublicKeyPem: keys.publicKeyPem },
      { address: "127.0.0.1" },
      AbortSignal.timeout(20_000),
    );
    assert.equal((await alice.approve(id)).status, 200);
    const { tlsCertificate } = await login;
    const path = `${cluster.dataDir}/admin/identity.pem`;
    const [, , ...hostCasPem] = (await Deno.readTextFile(path)).match(
      /-----BEGIN[^]+?-----END [A-Z ]+-----\n/g,
    )!;
    await Deno.writeTextFile(path, [keys.privateKeyPem, tlsCertificate, ...hostCasPem].join(""));
    const refused = [1, "", "ERROR: access denied: only an administrator may do this\n"];
    for (
      const args of [
        ["users", "ls"],
        ["users", "add", "eve", "--roles=access"],
        ["users", "reset", "alice"],
        ["users", "rm", "alice"],
        ["rm", "node/x"],
      ]
    ) {
      assert.deepEqual(await run(...args), refused, args.join(" "));
    }
    await withFile(NODE, async (file) => assert.deepEqual(await run("create", file), refused));
    assert.deepEqual((await cluster.auth.users.list(ADMIN)).map(({ name }) => name), ["alice"]);
  }));

/** Loads tctl, becomes the user `nobody`, and runs it: what nobody may not even read (sources, caches) is read before. */
const AS_NOBODY = `
import process from "node:process";
import { realDeps } from ${JSON.stringify(import.meta.resolve("../../lib/deps/mod.ts"))};
import { runTool } from ${JSON.stringify(import.meta.resolve("../tool.ts"))};
import { tctl } from ${JSON.stringify(import.meta.resolve("./mod.ts"))};
import ${JSON.stringify(import.meta.resolve("./connect.ts"))};
process.setegid(65534);
process.seteuid(65534);
const deps = realDeps();
Deno.exitCode = await runTool(tctl(deps), Deno.args, deps);
`;

Deno.test({
  name: "tctl of another OS user is refused in clear words",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: () =>
    withCluster(async (run, { dataDir }) => {
      assert.equal((await run("users", "ls"))[0], 0);
      const program = await Deno.makeTempFile({ suffix: ".ts" });
      try {
        await Deno.writeTextFile(program, AS_NOBODY);
        const config = new URL("../../deno.json", import.meta.url).pathname;
        const child = new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            "--quiet",
            "--config",
            config,
            program,
            "--data-dir",
            dataDir,
            "users",
            "ls",
          ],
          stdin: "null",
        });
        const { code, stdout, stderr } = await child.output();
        assert.equal(
          new TextDecoder().decode(stderr),
          `ERROR: access denied: this user may not read the administrator's certificate in ${dataDir}
Run tctl as the user that runs the cluster.
`,
        );
        assert.equal(code, 1);
        assert.equal(stdout.length, 0);
      } finally {
        await Deno.remove(program);
      }
    }),
});
