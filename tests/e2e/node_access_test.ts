/**
 * The node decides: stock ssh with real certificates, straight to the node's port, past the proxy and all that it checks.
 *
 * Each refusal has a control that differs in one thing and gets in.
 *
 * @module
 */

import assert from "node:assert/strict";
import { generateKeyPair } from "../../lib/keys/mod.ts";
import { Cluster, RUNS_SSHD } from "../support/cluster.ts";
import { type Visit, Visitor } from "../support/node/visitor.ts";
import { SshAuthority } from "../support/ssh/authority.ts";

const ignore = !RUNS_SSHD;
/** The cluster that the tests share logs what its node does, so a read of its output begins in one test and ends in another. */
const sanitizeOps = false;

const ROLES = `
kind: role
version: v6
metadata: { name: prod-root }
spec: { allow: { logins: [root], node_labels: { env: prod } } }
---
kind: role
version: v6
metadata: { name: dev-daemon }
spec: { allow: { logins: [daemon], node_labels: { env: dev } } }
---
kind: role
version: v6
metadata: { name: prod-daemon }
spec: { allow: { logins: [daemon], node_labels: { env: prod } } }
---
kind: role
version: v6
metadata: { name: not-prod }
spec: { deny: { node_labels: { env: prod } } }
---
kind: role
version: v6
metadata: { name: prod-root-touched }
spec: { options: { require_session_mfa: yes }, allow: { logins: [root], node_labels: { env: prod } } }
`;

let cluster: Cluster;

Deno.test.beforeAll(async () => {
  if (ignore) return;
  cluster = await Cluster.start({ labels: "{ env: prod }" });
  await create(ROLES);
});

Deno.test.afterAll(async () => {
  if (!ignore) await cluster[Symbol.asyncDispose]();
});

async function create(yaml: string): Promise<void> {
  const file = `${cluster.folder}/roles.yaml`;
  await Deno.writeTextFile(file, yaml);
  const { code, stderr } = await cluster.tctl("create", "-f", file);
  assert.equal(code, 0, stderr);
}

/** Changes something, and waits until the node knows. */
async function andKnown(change: () => Promise<unknown>): Promise<void> {
  const before = Date.now();
  await change();
  for (let attempt = 0; attempt < 200; attempt++) {
    const text = await Deno.readTextFile(`${cluster.folder}/data/node/policy.json`);
    if (JSON.parse(text).issuedAtMs >= before) return;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  assert.fail("the node does not learn of the change");
}

function letIn({ code, stdout, stderr }: Visit, expected = "in\n"): void {
  assert.deepEqual([code, stdout], [0, expected], stderr);
}

function refused({ code, stdout, stderr }: Visit): void {
  assert.deepEqual([code, stdout], [255, ""], stderr);
  assert.match(stderr, /Permission denied \(publickey\)/);
}

Deno.test({
  name: "a certificate of the cluster logs in with a login of its roles, and no other",
  ignore,
  sanitizeOps,
  async fn() {
    await using alice = await Visitor.invite(cluster, "alice", { logins: "root,nobody" });
    const key = await alice.headlessKey();
    letIn(await alice.ssh(key, "root", "echo in"));
    refused(await alice.ssh(key, "daemon", "echo in"));
    letIn(await alice.ssh(await alice.loginKey(), "root", "echo in"));
  },
});

Deno.test({
  name: "a node whose labels a role denies refuses its user",
  ignore,
  sanitizeOps,
  async fn() {
    await using bob = await Visitor.invite(cluster, "bob", {
      roles: "access,not-prod",
      logins: "root",
    });
    refused(await bob.ssh(await bob.headlessKey(), "root", "echo in"));
    await using control = await Visitor.invite(cluster, "bob2", { logins: "root" });
    letIn(await control.ssh(await control.headlessKey(), "root", "echo in"));
  },
});

Deno.test({
  name: "a login of one role is refused on a node that another role opens",
  ignore,
  sanitizeOps,
  async fn() {
    await using carol = await Visitor.invite(cluster, "carol", { roles: "prod-root,dev-daemon" });
    const key = await carol.headlessKey();
    // The certificate names both logins: only the node can tell.
    const names = await new Deno.Command("ssh-keygen", {
      args: ["-L", "-f", `${key.file}-cert.pub`],
    }).output();
    assert.match(new TextDecoder().decode(names.stdout), /Principals:\s+daemon\s+root\s/);
    letIn(await carol.ssh(key, "root", "echo in"));
    refused(await carol.ssh(key, "daemon", "echo in"));
    await using control = await Visitor.invite(cluster, "carol2", {
      roles: "prod-root,prod-daemon",
    });
    const { code, stdout } = await control.ssh(await control.headlessKey(), "daemon", "echo in");
    // Let in, and then there is no shell for this user.
    assert.deepEqual([code, stdout], [1, "This account is currently not available.\n"]);
  },
});

Deno.test({
  name: "where a role wants a touch for each session, a certificate without one is refused",
  ignore,
  sanitizeOps,
  async fn() {
    await using dave = await Visitor.invite(cluster, "dave", { roles: "prod-root-touched" });
    refused(await dave.ssh(await dave.loginKey(), "root", "echo in"));
    letIn(await dave.ssh(await dave.headlessKey(), "root", "echo in"));
  },
});

Deno.test({
  name: "a change of a role holds for the next login with the same certificate",
  ignore,
  sanitizeOps,
  async fn() {
    const role = (login: string) =>
      `kind: role\nversion: v6\nmetadata: { name: changing }\n` +
      `spec: { allow: { logins: [${login}], node_labels: { env: prod } } }\n`;
    await create(role("root"));
    await using erin = await Visitor.invite(cluster, "erin", { roles: "changing" });
    const key = await erin.loginKey();
    letIn(await erin.ssh(key, "root", "echo in"));
    await andKnown(() => create(role("daemon")));
    refused(await erin.ssh(key, "root", "echo in"));
    await andKnown(() => create(role("root")));
    letIn(await erin.ssh(key, "root", "echo in"));
    await andKnown(() => cluster.tctl("rm", "role/changing"));
    refused(await erin.ssh(key, "root", "echo in"));
  },
});

Deno.test({
  name: "a removed user's certificate is refused at once",
  ignore,
  sanitizeOps,
  async fn() {
    await using fay = await Visitor.invite(cluster, "fay", { logins: "root" });
    const key = await fay.loginKey();
    letIn(await fay.ssh(key, "root", "echo in"));
    await andKnown(() => cluster.tctl("users", "rm", "fay"));
    refused(await fay.ssh(key, "root", "echo in"));
  },
});

Deno.test({
  name: "an expired certificate, and one of another authority, are refused",
  ignore,
  sanitizeOps,
  async fn() {
    await using gina = await Visitor.invite(cluster, "gina", { logins: "root" });
    const key = await gina.loginKey({ ttlMs: 2_000 });
    letIn(await gina.ssh(key, "root", "echo in"));
    await new Promise((wake) => setTimeout(wake, 2_500));
    refused(await gina.ssh(key, "root", "echo in"));
    const keys = generateKeyPair();
    const forged = SshAuthority.generate().certify("user", keys.sshPublicKey, ["root"]);
    refused(await gina.ssh(await gina.keep(keys, forged), "root", "echo in"));
  },
});

Deno.test({
  name: "a policy that is missing, damaged or too old lets nobody in",
  ignore,
  sanitizeOps,
  async fn() {
    await using hugo = await Visitor.invite(cluster, "hugo", { logins: "root" });
    const key = await hugo.loginKey();
    const path = `${cluster.folder}/data/node/policy.json`;
    const policy = await Deno.readTextFile(path);
    const old = { ...JSON.parse(policy), expiresAtMs: Date.now() - 1 };
    for (const text of ["", "{}", policy.slice(0, -1), JSON.stringify(old)]) {
      await Deno.writeTextFile(path, text);
      refused(await hugo.ssh(key, "root", "echo in"));
    }
    await Deno.remove(path);
    refused(await hugo.ssh(key, "root", "echo in"));
    await Deno.writeTextFile(path, policy, { mode: 0o600 });
    letIn(await hugo.ssh(key, "root", "echo in"));
  },
});

Deno.test({
  name: "a principals command that fails, or says nothing and is killed, lets nobody in",
  ignore,
  sanitizeOps,
  async fn() {
    await using ida = await Visitor.invite(cluster, "ida", { logins: "root" });
    const key = await ida.loginKey();
    const path = `${cluster.folder}/data/node/principals`;
    const script = await Deno.readTextFile(path);
    const broken = [
      "exit 1",
      "kill -9 $$",
      // What it says counts only when it ends well.
      'echo "$1"; exit 1',
      'echo "$1"; kill -9 $$',
      "echo daemon",
    ];
    for (const body of broken) {
      await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`);
      refused(await ida.ssh(key, "root", "echo in"));
    }
    await Deno.writeTextFile(path, script);
    letIn(await ida.ssh(key, "root", "echo in"));
  },
});

Deno.test({
  name: "the log says who was refused and why",
  ignore,
  sanitizeOps,
  async fn() {
    await using jan = await Visitor.invite(cluster, "jan", { roles: "dev-daemon,prod-root" });
    refused(await jan.ssh(await jan.headlessKey(), "daemon", "echo in"));
    await cluster.process.waitFor(
      /WARN .*\[node\] jan may not log in as daemon: none of the certificate's roles allows this login here/,
    );
  },
});

Deno.test({
  name: "the node shows the cluster's certificate, and ssh trusts no other",
  ignore,
  sanitizeOps,
  async fn() {
    await using kim = await Visitor.invite(cluster, "kim", { logins: "root" });
    const key = await kim.headlessKey();
    for (const alias of ["server01", "server01.demo", "localhost", "127.0.0.1"]) {
      letIn(await kim.ssh(key, "root", "echo in", { alias }));
    }
    const { code, stderr } = await kim.ssh(key, "root", "echo in", { alias: "server02" });
    assert.equal(code, 255);
    assert.match(stderr, /Host key verification failed|not a listed principal|name is not/i);
  },
});
