import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
  ADMIN,
  AuthCluster,
  CLIENT,
  settle,
  startLogin,
} from "../../../tests/support/auth_cluster.ts";
import {
  parseAuthorizedKey,
  parseSshCertificate,
  samePublicKey,
  verifySshCertificate,
} from "../../keys/mod.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { identityFromCertificate } from "../../keys/x509/mod.ts";
import { headlessId } from "../../wire/mod.ts";

const DENIED = { code: "access_denied", message: "headless authentication failed" };
const UNKNOWN = { code: "not_found", message: "requested invalid headless session" };

/** Lets the clock pass a deadline and the timer notice. */
async function pass(cluster: AuthCluster, ms: number): Promise<void> {
  await settle();
  cluster.clock.advance(ms);
  await new Promise((resolve) => setTimeout(resolve, 150));
}

async function headlessItems(cluster: AuthCluster): Promise<string[]> {
  return (await cluster.backend.range("/headless/")).map(({ key }) => key);
}

Deno.test("an approved request gives certificates for exactly that key, for one minute", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice", {
    roles: ["access", "editor"],
    logins: ["root", "alice"],
  });
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

Deno.test("of two answers at the same moment one counts", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  for (let round = 0; round < 10; round++) {
    const login = startLogin(cluster.auth, "alice");
    await cluster.auth.headless.get(caller, login.id);
    const [first, second] = [await alice.assertion(caller), await alice.assertion(caller)];
    const results = await Promise.allSettled([
      cluster.auth.headless.update(caller, login.id, { state: "approved", response: first }),
      cluster.auth.headless.update(caller, login.id, { state: "denied" }),
      cluster.auth.headless.update(caller, login.id, { state: "approved", response: second }),
    ]);
    const won = results.flatMap(({ status }, index) => status === "fulfilled" ? [index] : []);
    assert.equal(won.length, 1);
    for (const result of results) {
      if (result.status === "rejected") assert.equal(result.reason.code, "compare_failed");
    }
    if (won[0] === 1) await assert.rejects(login.result, DENIED);
    else assert.equal((await login.result).user, "alice");
  }
});

Deno.test("a second command with the same id is refused, in this process and in another", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  await using other = await cluster.sibling();
  const { sshPublicKey } = generateKeyPair();
  const first = startLogin(cluster.auth, "alice", { sshPublicKey });
  await settle();
  const second = startLogin(cluster.auth, "alice", { sshPublicKey });
  await pass(cluster, 3_000);
  await assert.rejects(second.result, DENIED);

  // Both processes see the stub: one of them gets to publish, the other one is refused.
  const third = startLogin(other, "alice", { sshPublicKey });
  await settle();
  await cluster.auth.headless.get(await alice.caller(), first.id);
  await settle();
  await alice.approve(first.id);
  const results = await Promise.allSettled([first.result, third.result]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  for (const result of results) {
    if (result.status === "rejected") assert.equal(result.reason.message, DENIED.message);
  }

  // After the approval was taken nobody gets another certificate with the same id.
  const late = startLogin(other, "alice", { sshPublicKey });
  await assert.rejects(late.result, DENIED);
});

Deno.test("approved in one process, waiting in another", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  await using other = await cluster.sibling();
  const login = startLogin(other, "alice");
  await alice.approve(login.id);
  assert.equal((await login.result).user, "alice");
});

Deno.test("approve and withdraw at the same moment: never a certificate for a command that left", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  for (let round = 0; round < 20; round++) {
    const login = startLogin(cluster.auth, "alice");
    await cluster.auth.headless.get(caller, login.id);
    const response = await alice.assertion(caller);
    const answer = cluster.auth.headless.update(caller, login.id, { state: "approved", response });
    if (round % 2 === 0) await Promise.resolve();
    else await new Promise((resolve) => setTimeout(resolve, round / 4));
    login.abort();
    const [answered, ended] = await Promise.allSettled([answer, login.result]);
    const { state } = await cluster.auth.headless.get(caller, login.id);
    if (ended.status === "fulfilled") {
      assert.equal(answered.status, "fulfilled");
      assert.equal(state, "approved");
    } else {
      assert.equal(ended.reason.code, "cancelled");
      assert.equal(state, "withdrawn");
    }
    cluster.clock.advance(10_000);
  }
});

Deno.test("approve and expiry at the same moment: the record and the command agree", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  for (let round = 0; round < 4; round++) {
    const login = startLogin(cluster.auth, "alice");
    const caller = await alice.caller();
    await cluster.auth.headless.get(caller, login.id);
    cluster.clock.advance(179_999);
    const response = await alice.assertion(caller);
    const answer = cluster.auth.headless.update(caller, login.id, { state: "approved", response });
    if (round % 2 === 0) cluster.clock.advance(2);
    else setTimeout(() => cluster.clock.advance(2), round);
    const [answered, ended] = await Promise.allSettled([answer, login.result]);
    const { state } = await cluster.auth.headless.get(caller, login.id);
    assert.equal(answered.status, ended.status, JSON.stringify([answered, ended]));
    assert.equal(state, ended.status === "fulfilled" ? "approved" : "expired");
  }
});

Deno.test("after its time a request that nobody could end is expired, and cannot be approved", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  const alice = await cluster.addUser("alice");
  await using other = await cluster.sibling();
  // The other process is killed: its command is gone, its record stays.
  const login = startLogin(other, "alice");
  await cluster.auth.headless.get(await alice.caller(), login.id);
  const [item] = await cluster.backend.range("/headless/");
  login.abort();
  await assert.rejects(login.result, { code: "cancelled" });
  await cluster.backend.put(item!);
  cluster.clock.advance(180_000);
  const caller = await alice.caller();
  assert.equal((await cluster.auth.headless.get(caller, login.id)).state, "expired");
  await assert.rejects(alice.approve(login.id), { message: /non-pending state: expired/ });
});

Deno.test("a process that is killed while commands wait withdraws their requests when it is back", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  const alice = await cluster.addUser("alice");
  const pending = startLogin(cluster.auth, "alice");
  await cluster.auth.headless.get(await alice.caller(), pending.id);
  await cluster.restart({ crash: true });
  await assert.rejects(pending.result);
  assert.equal(
    (await cluster.auth.headless.get(await alice.caller(), pending.id)).state,
    "withdrawn",
  );
  await assert.rejects(alice.approve(pending.id), { message: /non-pending state: withdrawn/ });
});

Deno.test("killed between approval and certificate: none was issued, none ever is, and the page says so", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  const alice = await cluster.addUser("alice");
  const { sshPublicKey } = generateKeyPair();
  const login = startLogin(cluster.auth, "alice", { sshPublicKey });
  const caller = await alice.caller();
  await cluster.auth.headless.get(caller, login.id);
  const [item] = await cluster.backend.range("/headless/");
  // What is on disk when the power goes after the approval and before the claim.
  login.abort();
  await assert.rejects(login.result, { code: "cancelled" });
  const record = JSON.parse(new TextDecoder().decode(item!.value));
  assert.equal(record.state, "pending");
  const approved = { ...record, state: "approved", endedAtMs: cluster.clock.now() };
  await cluster.backend.put({
    ...item!,
    value: new TextEncoder().encode(JSON.stringify(approved)),
  });
  await cluster.restart({ crash: true });
  assert.equal(
    (await cluster.auth.headless.get(await alice.caller(), login.id)).state,
    "withdrawn",
  );
  await assert.rejects(startLogin(cluster.auth, "alice", { sshPublicKey }).result, DENIED);
});

Deno.test("an orderly stop withdraws what waits", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  const unseen = startLogin(cluster.auth, "nobody");
  await cluster.auth.headless.get(await alice.caller(), login.id);
  const looking = cluster.auth.headless.get(
    await alice.caller(),
    headlessId(generateKeyPair().sshPublicKey),
  );
  looking.catch(() => {});
  await settle();
  await cluster.restart();
  for (const ended of [login.result, unseen.result, looking]) {
    await assert.rejects(ended, { code: "connection", message: "the cluster is stopping" });
  }
  assert.equal(
    (await cluster.auth.headless.get(await alice.caller(), login.id)).state,
    "withdrawn",
  );
});

/** Changes a stored record behind the service's back, as another process would. */
async function edit(
  cluster: AuthCluster,
  key: string,
  change: Record<string, unknown>,
): Promise<void> {
  const item = await cluster.backend.get(key);
  const record = { ...JSON.parse(new TextDecoder().decode(item.value)), ...change };
  await cluster.backend.put({ key, value: new TextEncoder().encode(JSON.stringify(record)) });
}

Deno.test("a user who was locked gets no certificate, though the approval came through", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  const login = startLogin(cluster.auth, "alice");
  await cluster.auth.headless.get(caller, login.id);
  const response = await alice.assertion(caller);
  await edit(cluster, "/users/alice", { locked: true });
  await cluster.auth.headless.update(caller, login.id, { state: "approved", response });
  await assert.rejects(login.result, DENIED);
  assert.equal((await cluster.auth.headless.get(caller, login.id)).state, "withdrawn");
});

Deno.test("a reset after the approval takes it back, also before the record is gone", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  const user = await cluster.backend.get("/users/alice");
  const { epoch } = JSON.parse(new TextDecoder().decode(user.value));
  for (const atApproval of [epoch, "an earlier one", undefined]) {
    const login = startLogin(cluster.auth, "alice");
    await cluster.auth.headless.get(caller, login.id);
    await edit(cluster, `/headless/alice/${login.id}`, { state: "approved", epoch: atApproval });
    if (atApproval === epoch) assert.equal((await login.result).user, "alice");
    else await assert.rejects(login.result, DENIED);
  }
});

Deno.test("a user who changes in the very moment of the claim gets what is true afterwards", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  for (let round = 0; round < 10; round++) {
    const caller = await alice.caller();
    const login = startLogin(cluster.auth, "alice");
    await cluster.auth.headless.get(caller, login.id);
    const response = await alice.assertion(caller);
    const approved = cluster.auth.headless.update(caller, login.id, {
      state: "approved",
      response,
    });
    for (let i = 0; i < 5; i++) await edit(cluster, "/users/alice", { logins: [`login${i}`] });
    await approved;
    assert.equal((await login.result).user, "alice");
    cluster.clock.advance(1000);
  }
});

Deno.test("headless: false in the very moment of the approval: no certificate", async () => {
  for (let round = 0; round < 5; round++) {
    await using cluster = await AuthCluster.open();
    const alice = await cluster.addUser("alice");
    const caller = await alice.caller();
    const login = startLogin(cluster.auth, "alice");
    await cluster.auth.headless.get(caller, login.id);
    const response = await alice.assertion(caller);
    const value = new TextEncoder().encode(JSON.stringify({ type: "local", headless: false }));
    const off = cluster.backend.put({ key: "/settings/auth_preference", value });
    const answer = cluster.auth.headless.update(caller, login.id, { state: "approved", response });
    await Promise.allSettled([off, answer]);
    await assert.rejects(login.result, DENIED);
  }
});

Deno.test("locking, removing or resetting a user ends the requests at once", async (t) => {
  const ways: Record<string, (cluster: AuthCluster) => Promise<unknown>> = {
    locked: ({ auth }) => auth.users.setLocked(ADMIN, "alice", true),
    removed: ({ auth }) => auth.users.delete(ADMIN, "alice"),
    reset: ({ auth }) => auth.users.invite(ADMIN, "alice", { reset: true }),
  };
  for (const [how, act] of Object.entries(ways)) {
    await t.step(how, async () => {
      await using cluster = await AuthCluster.open();
      const alice = await cluster.addUser("alice");
      const caller = await alice.caller();
      const login = startLogin(cluster.auth, "alice");
      await cluster.auth.headless.get(caller, login.id);
      await act(cluster);
      await assert.rejects(login.result, DENIED);
    });
  }
});

Deno.test("the certificate has the roles and logins of the moment it is issued", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice", { roles: ["access", "editor"] });
  const login = startLogin(cluster.auth, "alice");
  await cluster.auth.headless.get(await alice.caller(), login.id);
  await edit(cluster, "/users/alice", { roles: ["auditor"] });
  await alice.approve(login.id);
  const { sshCertificate } = await login.result;
  const { extensions, principals } = parseSshCertificate(sshCertificate);
  assert.equal(extensions["teleport-roles"], '{"version":"v1","roles":["auditor"]}');
  assert.match(principals.join(), /^-teleport-nologin-/);
});

Deno.test("headless: false refuses new commands, and those that wait", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  const login = startLogin(cluster.auth, "alice");
  const unseen = startLogin(cluster.auth, "alice");
  await cluster.auth.headless.get(caller, login.id);
  const value = new TextEncoder().encode(JSON.stringify({ type: "local", headless: false }));
  await cluster.backend.put({ key: "/settings/auth_preference", value });
  for (const { result } of [login, unseen]) await assert.rejects(result, DENIED);
  assert.equal((await cluster.auth.headless.get(caller, login.id)).state, "withdrawn");
  const late = startLogin(cluster.auth, "alice");
  await pass(cluster, 3_000);
  await assert.rejects(late.result, DENIED);
});

Deno.test("waiting commands are capped by name and address, unknown names like known ones", async () => {
  await using cluster = await AuthCluster.open({
    limits: { waitingPerAddress: 3, waitingPerName: 5 },
  });
  await cluster.addUser("alice");
  for (const name of ["alice", "nosuch"]) {
    const at = (n: number) => ({ client: { address: `198.51.100.${n}` } });
    const logins = [];
    for (let i = 0; i < 5; i++) logins.push(startLogin(cluster.auth, name, at(i)));
    await settle();
    await assert.rejects(startLogin(cluster.auth, name, at(99)).result, {
      code: "limit_exceeded",
      message: "too many headless logins are waiting, try again later",
    });
    for (const login of logins) login.abort();
    for (const login of logins) await assert.rejects(login.result, { code: "cancelled" });
    const again = startLogin(cluster.auth, name, at(99));
    await settle();
    again.abort();
    await assert.rejects(again.result, { code: "cancelled" });
  }
});

Deno.test("what one user looks at is bounded: the oldest that ended makes room", async () => {
  await using cluster = await AuthCluster.open({
    limits: { headlessRecordsPerUser: 4, headlessLooksPerUser: { burst: 1000, refillMs: 1 } },
  });
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  const ids: string[] = [];
  for (let i = 0; i < 10; i++) {
    const login = startLogin(cluster.auth, "alice");
    ids.push(login.id);
    await cluster.auth.headless.update(caller, login.id, { state: "denied" });
    await assert.rejects(login.result, DENIED);
    cluster.clock.advance(1_000);
  }
  const kept = ids.slice(-4).map((id) => `/headless/alice/${id}`).sort();
  assert.deepEqual(await headlessItems(cluster), kept);

  const pending = Array.from({ length: 4 }, () => startLogin(cluster.auth, "alice"));
  for (const { id } of pending) await cluster.auth.headless.get(caller, id);
  const more = startLogin(cluster.auth, "alice");
  await assert.rejects(cluster.auth.headless.get(caller, more.id), { code: "limit_exceeded" });
  for (const login of [...pending, more]) {
    login.abort();
    await assert.rejects(login.result, { code: "cancelled" });
  }
});

Deno.test("looking at made-up ids all day fills nothing", async () => {
  await using cluster = await AuthCluster.open({
    limits: { headlessRecordsPerUser: 8, headlessLooksPerUser: { burst: 1000, refillMs: 1 } },
  });
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  const controller = new AbortController();
  const looks = Array.from({ length: 100 }, () => {
    const id = headlessId(generateKeyPair().sshPublicKey);
    return cluster.auth.headless.get(caller, id, controller.signal);
  });
  await settle();
  controller.abort();
  for (const result of await Promise.allSettled(looks)) assert.equal(result.status, "rejected");
  assert.ok((await headlessItems(cluster)).length <= 8, `${(await headlessItems(cluster)).length}`);
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
