import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { ADMIN, AuthCluster, CLIENT, ORIGIN, PASSWORD } from "../../tests/support/auth_cluster.ts";
import { fakeDeps } from "../../tests/support/fake_deps.ts";
import { edit } from "../../tests/support/headless_help.ts";
import { InterleavedBackend } from "../../tests/support/interleaved_backend.ts";
import { openMemoryBackend } from "../backend/mod.ts";
import { generateKeyPair, parseSshCertificate } from "../keys/mod.ts";
import { identityFromCertificate } from "../keys/x509/mod.ts";

const DENIED = { code: "access_denied", message: "invalid username, password or second factor" };
const NO_SESSION = { code: "access_denied", message: "not signed in, or the session has ended" };

Deno.test("password and key sign in; cookie and bearer are both needed", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const mallory = await cluster.addUser("mallory");
  const session = await alice.signIn();
  const { signIn } = cluster.auth;
  const caller = await signIn.authenticate(session, CLIENT);
  assert.deepEqual(caller, {
    kind: "user",
    user: "alice",
    roles: ["access"],
    logins: ["alice"],
    mfaVerified: true,
    client: CLIENT,
  });
  const { sessionId, bearerToken } = session;
  const other = mallory.session!;
  for (
    const wrong of [
      { sessionId, bearerToken: "" },
      { sessionId, bearerToken: other.bearerToken },
      { sessionId: other.sessionId, bearerToken },
      { sessionId: "", bearerToken },
      { sessionId: bearerToken, bearerToken: sessionId },
      { sessionId: sessionId.slice(0, -1), bearerToken },
      { sessionId: sessionId.replace(/^[^.]+/, other.sessionId.split(".")[0]!), bearerToken },
      { sessionId: "x".repeat(100_000), bearerToken },
      { sessionId: ".".repeat(44), bearerToken },
    ]
  ) await assert.rejects(signIn.authenticate(wrong, CLIENT), NO_SESSION);
});

Deno.test("a session ends by sign-out, after 12 hours, and after an hour without use", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const { signIn } = cluster.auth;
  await signIn.signOut(alice.session!);
  await signIn.signOut(alice.session!);
  await signIn.signOut({ sessionId: "nonsense" });
  await assert.rejects(alice.caller(), NO_SESSION);

  await alice.signIn();
  cluster.clock.advance(3_600_000);
  await assert.rejects(alice.caller(), NO_SESSION);

  await alice.signIn();
  for (let hours = 0; hours < 12; hours += 0.75) {
    await alice.caller();
    cluster.clock.advance(0.75 * 3_600_000);
  }
  await assert.rejects(alice.caller(), NO_SESSION);
  assert.deepEqual(await cluster.backend.range("/web_sessions/"), []);
});

Deno.test("a user has so many sessions; the one used longest ago makes room", async () => {
  await using cluster = await AuthCluster.open({ limits: { sessionsPerUser: 3 } });
  const alice = await cluster.addUser("alice");
  const sessions = [alice.session!];
  for (let i = 0; i < 3; i++) {
    cluster.clock.advance(120_000);
    sessions.push(await alice.signIn());
  }
  await assert.rejects(cluster.auth.signIn.authenticate(sessions[0]!, CLIENT), NO_SESSION);
  for (const session of sessions.slice(1)) await cluster.auth.signIn.authenticate(session, CLIENT);
});

Deno.test("unknown user, wrong password, no password and locked fail in the same words", async () => {
  await using cluster = await AuthCluster.open({
    limits: { signInPerName: { burst: 100, refillMs: 1 } },
  });
  await cluster.addUser("alice");
  await cluster.addUser("locked");
  await cluster.auth.users.setLocked(ADMIN, "locked", true);
  await cluster.auth.users.create(ADMIN, { name: "invited", roles: ["access"], logins: [] });
  const attempts: [user: string, password: string][] = [
    ["alice", "wrong horse battery"],
    ["alice", ""],
    ["nosuch", PASSWORD],
    ["", PASSWORD],
    ["locked", PASSWORD],
    ["invited", PASSWORD],
    ["\ud800", PASSWORD],
    ["a".repeat(100_000), PASSWORD],
    ["alice/../mallory", PASSWORD],
    ["alice", "x".repeat(1_000_000)],
  ];
  for (const [user, password] of attempts) {
    await assert.rejects(cluster.auth.signIn.begin({ user, password }, CLIENT), DENIED, user);
  }
});

Deno.test("attempts are limited by name and by address, and tell nothing of the name", async () => {
  await using cluster = await AuthCluster.open({
    limits: {
      signInPerName: { burst: 3, refillMs: 60_000 },
      signInPerAddress: { burst: 10, refillMs: 60_000 },
    },
  });
  await cluster.addUser("alice");
  const attempt = (user: string, address: string) =>
    cluster.auth.signIn.begin({ user, password: "wrong" }, { address });
  const limited = { code: "limit_exceeded", retryAfterSeconds: 60 };
  for (const user of ["alice", "nosuch"]) {
    for (let i = 0; i < 3; i++) await assert.rejects(attempt(user, `198.51.100.${i}`), DENIED);
    await assert.rejects(attempt(user, "198.51.100.9"), limited);
  }
  for (let i = 0; i < 10; i++) await assert.rejects(attempt(`user${i}`, "203.0.113.1"), DENIED);
  await assert.rejects(attempt("another", "203.0.113.1"), limited);
  await assert.rejects(cluster.auth.signIn.beginPasswordless({ address: "203.0.113.1" }), limited);
  cluster.clock.advance(60_000);
  await assert.rejects(attempt("another", "203.0.113.1"), DENIED);
});

Deno.test("an answer counts once, for its own user, and only for signing in", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const mallory = await cluster.addUser("mallory");
  const { signIn, mfa } = cluster.auth;
  const begin = async () =>
    (await signIn.begin({ user: "alice", password: PASSWORD }, CLIENT)).publicKey;

  const response = await alice.key.get(await begin(), ORIGIN);
  await assert.rejects(signIn.finish({ user: "mallory", response }, CLIENT), DENIED);
  await signIn.finish({ user: "alice", response }, CLIENT);
  await assert.rejects(signIn.finish({ user: "alice", response }, CLIENT), DENIED);

  const twice = await alice.key.get(await begin(), ORIGIN);
  const results = await Promise.allSettled(
    [1, 2, 3].map(() => signIn.finish({ user: "alice", response: twice }, CLIENT)),
  );
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);

  const caller = await alice.caller();
  const headless = await mfa.challenge(caller, { scope: "HEADLESS_LOGIN" });
  await assert.rejects(
    signIn.finish(
      { user: "alice", response: await alice.key.get(headless.publicKey, ORIGIN) },
      CLIENT,
    ),
    DENIED,
  );
  for (const scope of ["LOGIN", "PASSWORDLESS_LOGIN"] as const) {
    await assert.rejects(mfa.challenge(caller, { scope }), { code: "bad_parameter" });
  }
  const stale = await alice.key.get(await begin(), ORIGIN);
  cluster.clock.advance(5 * 60_000);
  await assert.rejects(signIn.finish({ user: "alice", response: stale }, CLIENT), DENIED);
  await assert.rejects(
    signIn.finish(
      { user: "alice", response: await mallory.assertion(await mallory.caller()) },
      CLIENT,
    ),
    DENIED,
  );
});

Deno.test("a reset during sign-in leaves neither session nor device", async () => {
  await using cluster = await AuthCluster.open();
  for (let round = 0; round < 10; round++) {
    const alice = await cluster.addUser(`alice${round}`);
    const { publicKey } = await cluster.auth.signIn.begin(
      { user: alice.name, password: PASSWORD },
      CLIENT,
    );
    const response = await alice.key.get(publicKey, ORIGIN);
    const finish = cluster.auth.signIn.finish({ user: alice.name, response }, CLIENT);
    if (round % 2 === 1) await new Promise((resolve) => setTimeout(resolve, round / 3));
    const reset = cluster.auth.users.invite(ADMIN, alice.name, { reset: true });
    const [finished] = await Promise.allSettled([finish, reset]);
    if (finished.status === "fulfilled") {
      await assert.rejects(cluster.auth.signIn.authenticate(finished.value, CLIENT), NO_SESSION);
    }
    assert.deepEqual(await cluster.backend.range(`/devices/${alice.name}/`), []);
    cluster.clock.advance(60_000);
  }
});

Deno.test("a reset that was cut off before it removed the sessions has ended them all the same", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  await edit(cluster, "/users/alice", { epoch: "another" });
  await assert.rejects(alice.caller(), NO_SESSION);
});

Deno.test("a user who is removed while the session is written has none, and leaves none", async () => {
  const backend = new InterleavedBackend(openMemoryBackend(fakeDeps()));
  await using cluster = await AuthCluster.open({ backend });
  const alice = await cluster.addUser("alice");
  backend.beforeNextAtomicWrite(() => cluster.auth.users.delete(ADMIN, "alice"));
  await assert.rejects(alice.signIn(), DENIED);
  assert.deepEqual(await backend.range("/web_sessions/"), []);
});

Deno.test("a tool gets certificates for its own key, for 12 hours at most, not MFA-verified", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const { signIn } = cluster.auth;
  const { sshPublicKey, publicKeyPem } = generateKeyPair();
  const login = async (extra: { ttlMs?: number; sshPublicKey?: string }) => {
    const { publicKey } = await signIn.begin({ user: "alice", password: PASSWORD }, CLIENT);
    const response = await alice.key.get(publicKey, ORIGIN);
    return await signIn.finishWithCertificates(
      { user: "alice", response, sshPublicKey, tlsPublicKeyPem: publicKeyPem, ...extra },
      CLIENT,
    );
  };
  const now = cluster.clock.now();
  const day = parseSshCertificate((await login({ ttlMs: 30 * 3_600_000 })).sshCertificate);
  assert.equal(day.validBeforeMs, now + 12 * 3_600_000);
  assert.equal(day.extensions["mfa-verified"], undefined);
  const short = await login({ ttlMs: 60_000 });
  assert.equal(parseSshCertificate(short.sshCertificate).validBeforeMs, now + 60_000);
  const der = new Uint8Array(new X509Certificate(short.tlsCertificate).raw);
  assert.equal(identityFromCertificate(der).mfaVerified, undefined);
  await assert.rejects(login({ sshPublicKey: "ssh-ed25519 AAAA" }), { code: "bad_parameter" });
});

Deno.test("a key registered for another rp_id is called what it is", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  await cluster.addUser("alice");
  const value = new TextEncoder().encode(
    JSON.stringify({ type: "local", webauthn: { rp_id: "example.com" } }),
  );
  await cluster.backend.put({ key: "/settings/auth_preference", value });
  await assert.rejects(cluster.auth.signIn.begin({ user: "alice", password: PASSWORD }, CLIENT), {
    name: "InvalidCredentialsError",
  });
  // Only after the right password.
  await assert.rejects(
    cluster.auth.signIn.begin({ user: "alice", password: "wrong" }, CLIENT),
    DENIED,
  );
});

Deno.test("switches: local_auth and passwordless", async () => {
  await using off = await AuthCluster.open({
    authentication: { type: "local", passwordless: false },
  });
  await assert.rejects(off.auth.signIn.beginPasswordless(CLIENT), { code: "access_denied" });
  await assert.rejects(off.addUser("alice", { passwordless: true }), { code: "access_denied" });
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const value = new TextEncoder().encode(JSON.stringify({ type: "local", local_auth: false }));
  await cluster.backend.put({ key: "/settings/auth_preference", value });
  await assert.rejects(alice.signIn(), DENIED);
});

Deno.test("what failed and what succeeded is in the audit log", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  await alice.signIn();
  await assert.rejects(alice.signIn({ password: "wrong" }), DENIED);
  const events = (await cluster.audit()).filter(({ event }) => event === "user.login");
  const last = events.at(-1)!;
  assert.equal(last.code, "T1000W");
  assert.equal(last.user, "alice");
  assert.equal(last.success, false);
  assert.equal(last["addr.remote"], CLIENT.address);
  assert.equal(last.user_agent, "test");
  const good = events.at(-2)!;
  assert.equal(good.code, "T1000I");
  assert.equal((good.mfa_device as Record<string, unknown>).mfa_device_name, "desk key");
});
