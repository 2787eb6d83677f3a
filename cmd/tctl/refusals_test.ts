/** Whom and what tctl is refused, and by whom. */

import assert from "node:assert/strict";
import { InProcessCluster, newCommand } from "../../tests/support/in_process_cluster.ts";
import { ADMIN, NODE, withCluster, withFile } from "../../tests/support/tctl.ts";
import { writeRuntimeFacts } from "../data_dir.ts";

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
