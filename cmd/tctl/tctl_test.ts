/** tctl against a real cluster: exact words, streams and exit codes. */

import assert from "node:assert/strict";
import { NODE, withCluster, withFile } from "../../tests/support/tctl.ts";

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
