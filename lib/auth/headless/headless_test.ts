import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
  ADMIN,
  AuthCluster,
  CLIENT,
  settle,
  startLogin,
} from "../../../tests/support/auth_cluster.ts";
import { DENIED, headlessItems, pass, UNKNOWN } from "../../../tests/support/headless_help.ts";
import {
  generateKeyPair,
  parseAuthorizedKey,
  parseSshCertificate,
  samePublicKey,
  verifySshCertificate,
} from "../../keys/mod.ts";
import { identityFromCertificate } from "../../keys/x509/mod.ts";
import { headlessId } from "../../wire/mod.ts";

Deno.test("an approved request gives certificates for exactly that key, for one minute", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice", {
    roles: ["access", "editor"],
    logins: ["root", "alice"],
  });
  // In the second in which a user is made, certificates begin a second later.
  cluster.clock.advance(1_000);
  const login = startLogin(cluster.auth, "alice");
  const request = await cluster.auth.headless.get(await alice.caller(), login.id);
  assert.equal(request.state, "pending");
  assert.equal(request.user, "alice");
  assert.equal(request.clientAddress, CLIENT.address);
  assert.equal(request.sshPublicKey, login.request.sshPublicKey);
  assert.equal(request.expiresAtMs - request.createdAtMs, 180_000);
  await alice.approve(login.id);
  const certificates = await login.result;

  const now = cluster.clock.now();
  const ssh = parseSshCertificate(certificates.sshCertificate);
  verifySshCertificate(ssh, {
    caKeys: [ssh.caKey],
    kind: "user",
    principal: "root",
    nowMs: now,
  });
  assert.ok(samePublicKey(ssh.publicKey, parseAuthorizedKey(login.request.sshPublicKey)));
  assert.equal(ssh.keyId, "alice");
  assert.deepEqual(ssh.principals, ["alice", "root"]);
  assert.equal(ssh.validAfterMs, now - 60_000);
  assert.equal(ssh.validBeforeMs, now + 60_000);
  const [device] = await cluster.auth.mfa.devices(await alice.caller());
  assert.deepEqual({ ...ssh.extensions }, {
    "login-ip": CLIENT.address,
    "mfa-verified": device!.id,
    "permit-agent-forwarding": "",
    "permit-port-forwarding": "",
    "permit-pty": "",
    "private-key-policy": "none",
    "teleport-roles": '{"version":"v1","roles":["access","editor"]}',
    "teleport-route-to-cluster": "demo",
    "teleport-traits": '{"logins":["root","alice"]}',
  });
  const tls = new X509Certificate(certificates.tlsCertificate);
  const identity = identityFromCertificate(new Uint8Array(tls.raw));
  assert.deepEqual(identity, {
    user: "alice",
    roles: ["access", "editor"],
    logins: ["alice", "root"],
    usage: [],
    routeToCluster: "demo",
    teleportCluster: "demo",
    traits: { logins: ["root", "alice"] },
    mfaVerified: device!.id,
    loginIp: CLIENT.address,
    notBeforeMs: now - 60_000,
    notAfterMs: now + 60_000,
  });
  assert.equal(certificates.hostSigners[0]?.clusterName, "demo");

  const done = await cluster.auth.headless.get(await alice.caller(), login.id);
  assert.equal(done.state, "approved");
  assert.deepEqual(done.device, { id: device!.id, name: "desk key" });
});

Deno.test("nothing is stored for a command before its user looks", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const before = (await cluster.backend.range("/")).length;
  const logins = Array.from({ length: 5 }, () => startLogin(cluster.auth, "alice"));
  await settle();
  assert.equal((await cluster.backend.range("/")).length, before);
  await cluster.auth.headless.get(await alice.caller(), logins[3]!.id);
  assert.deepEqual(await headlessItems(cluster), [`/headless/alice/${logins[3]!.id}`]);
  for (const login of logins) login.abort();
  for (const login of logins) await assert.rejects(login.result, { code: "cancelled" });
});

Deno.test("the page that opens before the command has reached the cluster shows it as it comes", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const { sshPublicKey } = generateKeyPair();
  const looked = cluster.auth.headless.get(await alice.caller(), headlessId(sshPublicKey));
  await settle();
  const login = startLogin(cluster.auth, "alice", { sshPublicKey });
  assert.equal((await looked).state, "pending");
  await alice.deny(login.id);
  await assert.rejects(login.result, DENIED);
});

Deno.test("a denied request is refused, and stays so", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  await alice.deny(login.id);
  await assert.rejects(login.result, DENIED);
  await assert.rejects(alice.approve(login.id), {
    code: "compare_failed",
    message: "cannot approve a headless authentication from a non-pending state: denied",
  });
  await assert.rejects(alice.deny(login.id), { code: "compare_failed" });
});

Deno.test("watch tells each change at once and ends with the last", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  const states: string[] = [];
  const watching = (async () => {
    const signal = new AbortController().signal;
    for await (
      const { state } of cluster.auth.headless.watch(await alice.caller(), login.id, signal)
    ) {
      states.push(state);
    }
  })();
  await settle();
  assert.deepEqual(states, ["pending"]);
  await alice.approve(login.id);
  await login.result;
  await watching;
  assert.deepEqual(states, ["pending", "approved"]);
});

Deno.test("a command that goes away is withdrawn, and who watches sees it", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  const states: string[] = [];
  const watching = (async () => {
    const signal = new AbortController().signal;
    for await (
      const { state } of cluster.auth.headless.watch(await alice.caller(), login.id, signal)
    ) {
      states.push(state);
      if (state === "pending") login.abort();
    }
  })();
  await assert.rejects(login.result, { code: "cancelled" });
  await watching;
  assert.deepEqual(states, ["pending", "withdrawn"]);
  await assert.rejects(alice.approve(login.id), { message: /non-pending state: withdrawn/ });
});

Deno.test("nobody answers: after 180 seconds the wait ends with Teleport's words", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const looked = startLogin(cluster.auth, "alice");
  const unseen = startLogin(cluster.auth, "alice");
  const stranger = startLogin(cluster.auth, "nosuch");
  const caller = await alice.caller();
  await cluster.auth.headless.get(caller, looked.id);
  await pass(cluster, 179_000);
  assert.equal((await cluster.auth.headless.get(caller, looked.id)).state, "pending");
  await pass(cluster, 1_000);
  for (const login of [looked, unseen, stranger]) {
    await assert.rejects(login.result, { code: "expired", message: "context deadline exceeded" });
  }
  const request = await cluster.auth.headless.get(caller, looked.id);
  assert.equal(request.state, "expired");
  assert.equal(request.endedAtMs, cluster.clock.now());
});

Deno.test("an ended request is kept for ten minutes, then gone", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  await alice.deny(login.id);
  await assert.rejects(login.result, DENIED);
  cluster.clock.advance(9 * 60_000);
  assert.equal((await cluster.auth.headless.get(await alice.caller(), login.id)).state, "denied");
  cluster.clock.advance(60_000);
  const looked = assert.rejects(cluster.auth.headless.get(await alice.caller(), login.id), UNKNOWN);
  await pass(cluster, 5_000);
  await looked;
});

Deno.test("an unknown id and somebody else's are answered late and alike", async () => {
  await using cluster = await AuthCluster.open();
  await cluster.addUser("alice");
  const mallory = await cluster.addUser("mallory");
  const login = startLogin(cluster.auth, "alice");
  const caller = await mallory.caller();
  const nobodys = headlessId(generateKeyPair().sshPublicKey);
  let answered = 0;
  const looks = [login.id, nobodys].map((id) =>
    assert.rejects(cluster.auth.headless.get(caller, id), UNKNOWN).then(() => answered++)
  );
  const answers = [login.id, nobodys].map((id) =>
    assert.rejects(cluster.auth.headless.update(caller, id, { state: "denied" }), UNKNOWN)
      .then(() => answered++)
  );
  await pass(cluster, 4_900);
  assert.equal(answered, 0);
  await pass(cluster, 200);
  await Promise.all([...looks, ...answers]);
  login.abort();
  await assert.rejects(login.result, { code: "cancelled" });
});

Deno.test("an administrator can neither see nor answer a user's request", async () => {
  await using cluster = await AuthCluster.open();
  const id = headlessId(generateKeyPair().sshPublicKey);
  await assert.rejects(cluster.auth.headless.get(ADMIN, id), { code: "access_denied" });
  await assert.rejects(cluster.auth.headless.update(ADMIN, id, { state: "denied" }), {
    code: "access_denied",
  });
});

Deno.test("an id that does not follow from the key is refused late, with the one refusal", async () => {
  await using cluster = await AuthCluster.open();
  await cluster.addUser("alice");
  const other = headlessId(generateKeyPair().sshPublicKey);
  const login = startLogin(cluster.auth, "alice", { id: other });
  let ended = false;
  login.result.catch(() => ended = true);
  await pass(cluster, 2_900);
  assert.ok(!ended);
  await pass(cluster, 200);
  await assert.rejects(login.result, DENIED);
});

Deno.test("a malformed key is refused at once", async () => {
  await using cluster = await AuthCluster.open();
  const id = headlessId(generateKeyPair().sshPublicKey);
  for (const sshPublicKey of ["", "ssh-ed25519 AAAA", "x".repeat(10_000)]) {
    const login = startLogin(cluster.auth, "alice", { sshPublicKey, id });
    await assert.rejects(login.result, { code: "bad_parameter" });
  }
});

Deno.test("the approval needs an assertion of its own scope, by a key of the user, used once", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const mallory = await cluster.addUser("mallory");
  const caller = await alice.caller();
  const login = startLogin(cluster.auth, "alice");
  const other = startLogin(cluster.auth, "alice");
  await cluster.auth.headless.get(caller, login.id);

  const wrongScope = await cluster.auth.mfa.challenge(caller, { scope: "USER_SESSION" });
  const { key } = alice;
  const attempts = [
    await key.get(wrongScope.publicKey, "https://localhost:3080"),
    await mallory.assertion(await mallory.caller()),
    await key.get(
      (await cluster.auth.mfa.challenge(caller, { scope: "HEADLESS_LOGIN" })).publicKey,
      "https://localhost:3080",
      { badSignature: true },
    ),
    await key.get(
      (await cluster.auth.mfa.challenge(caller, { scope: "HEADLESS_LOGIN" })).publicKey,
      "https://evil.example",
    ),
  ];
  for (const response of attempts) {
    await assert.rejects(
      cluster.auth.headless.update(caller, login.id, { state: "approved", response }),
      { code: "access_denied" },
    );
  }
  assert.equal((await cluster.auth.headless.get(caller, login.id)).state, "pending");

  const response = await alice.assertion(caller);
  await cluster.auth.headless.update(caller, login.id, { state: "approved", response });
  await login.result;
  await cluster.auth.headless.get(caller, other.id);
  await assert.rejects(
    cluster.auth.headless.update(caller, other.id, { state: "approved", response }),
    { code: "access_denied" },
  );
  await alice.deny(other.id);
  await assert.rejects(other.result, DENIED);
});

Deno.test("the audit log ties request, answer and certificate together", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const approved = startLogin(cluster.auth, "alice");
  await alice.approve(approved.id);
  await approved.result;
  const denied = startLogin(cluster.auth, "alice");
  await alice.deny(denied.id);
  await assert.rejects(denied.result, DENIED);
  const events = await cluster.audit();
  const codes = (id: string) =>
    events.filter((event) => event.headless_authentication_id === id).map(({ code }) => code);
  assert.deepEqual(codes(approved.id).sort(), ["T1000I", "T1012I", "T1013I", "TC000I"]);
  assert.deepEqual(codes(denied.id).sort(), ["T1000W", "T1012I", "T1014W"]);
});
