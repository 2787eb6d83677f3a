import assert from "node:assert/strict";
import { ADMIN, AuthCluster, CLIENT, PASSWORD } from "../../tests/support/auth_cluster.ts";

Deno.test("users are made, listed and removed by administrators only", async () => {
  await using cluster = await AuthCluster.open();
  const { users } = cluster.auth;
  const alice = await cluster.addUser("alice", { roles: ["access", "editor"] });
  const caller = await alice.caller();
  const denied = { code: "access_denied" };
  const bob = { name: "bob", roles: ["access"], logins: ["bob"] };
  await assert.rejects(users.create(caller, bob), denied);
  await assert.rejects(users.list(caller), denied);
  await assert.rejects(users.get(caller, "alice"), denied);
  await assert.rejects(users.delete(caller, "alice"), denied);
  await assert.rejects(users.setLocked(caller, "alice", true), denied);
  await assert.rejects(users.invite(caller, "alice", { reset: true }), denied);
  await assert.rejects(users.current(ADMIN), denied);

  assert.deepEqual(await users.create(ADMIN, bob), {
    ...bob,
    createdAtMs: cluster.clock.now(),
    locked: false,
  });
  assert.deepEqual((await users.list(ADMIN)).map(({ name }) => name), ["alice", "bob"]);
  assert.equal((await users.current(caller)).name, "alice");
  await users.delete(ADMIN, "bob");
  await assert.rejects(users.get(ADMIN, "bob"), { message: 'user "bob" is not found' });
});

Deno.test("what cannot be a user is refused in Teleport's words", async () => {
  await using cluster = await AuthCluster.open();
  const { users } = cluster.auth;
  const make = (changes: Partial<{ name: string; roles: string[]; logins: string[] }>) =>
    users.create(ADMIN, { name: "alice", roles: ["access"], logins: ["alice"], ...changes });
  await make({});
  await assert.rejects(make({}), {
    code: "already_exists",
    message: 'user "alice" already registered',
  });
  await assert.rejects(make({ name: "x", roles: ["nosuch"] }), {
    code: "not_found",
    message: "role nosuch is not found",
  });
  for (const name of ["", " a", "-a", "a\nb", "x".repeat(129), "\ud800", "a\0"]) {
    await assert.rejects(make({ name }), { code: "bad_parameter" }, JSON.stringify(name));
  }
  for (const login of ["", "-x", "a b", "a,b", "*", "root;id", "$(id)", "x".repeat(65)]) {
    await assert.rejects(make({ name: "b", logins: ["root", login] }), {
      code: "bad_parameter",
      message:
        `login ${JSON.stringify(login)} is malformed: expected 1 to 64 letters, digits and ` +
        "_ . - @ \\, the first one a letter, a digit or _",
    });
  }
  await assert.rejects(make({ name: "ali\u200bce" }), {
    code: "bad_parameter",
    message:
      'user name "ali\u200bce" is malformed: it has the invisible or control character U+200B',
  });
  await assert.rejects(make({ name: "b", roles: [] }), { code: "bad_parameter" });
  await make({ name: "Bad/Name", logins: [] });
  await make({ name: "Ådam %2F..", logins: ["DOMAIN\\adam"] });
  assert.equal((await users.get(ADMIN, "Bad/Name")).name, "Bad/Name");
});

Deno.test("an invitation is good once, for an hour, and says so alike when it is not", async () => {
  await using cluster = await AuthCluster.open();
  const { users, registration } = cluster.auth;
  const gone = {
    code: "not_found",
    message: "invitation is not known, was used or has expired",
  };
  await users.create(ADMIN, { name: "alice", roles: ["access"], logins: [] });
  const first = await users.invite(ADMIN, "alice", { reset: false });
  assert.equal(first.url, `https://localhost:3080/web/invite/${first.token}`);
  assert.equal(first.expiresAtMs, cluster.clock.now() + 3_600_000);
  assert.ok(first.token.length * 4 >= 128);
  assert.equal((await registration.invitation(first.token, CLIENT)).user, "alice");

  const second = await users.invite(ADMIN, "alice", { reset: false });
  await assert.rejects(registration.invitation(first.token, CLIENT), gone);
  await registration.invitation(second.token, CLIENT);
  cluster.clock.advance(3_600_000);
  await assert.rejects(registration.invitation(second.token, CLIENT), gone);
  for (const token of ["", "x", "0".repeat(40), "../users/alice", "x".repeat(10_000)]) {
    await assert.rejects(registration.invitation(token, CLIENT), gone);
    await assert.rejects(registration.challenge(token, { passwordless: false }, CLIENT), gone);
  }
  await assert.rejects(users.invite(ADMIN, "alice", { reset: false, ttlMs: 100 * 3_600_000 }), {
    code: "bad_parameter",
    message: "maximum token TTL is 48h0m0s",
  });
  for (const ttlMs of [0, -1, NaN, Infinity]) {
    await assert.rejects(users.invite(ADMIN, "alice", { reset: false, ttlMs }), {
      code: "bad_parameter",
    });
  }
  await assert.rejects(users.invite(ADMIN, "nosuch", { reset: true }), { code: "not_found" });
});

Deno.test("a reset takes password, devices, sessions and earlier invitations away", async () => {
  await using cluster = await AuthCluster.open();
  const { users, signIn, registration } = cluster.auth;
  const alice = await cluster.addUser("alice");
  const { token: earlier } = await users.invite(ADMIN, "alice", { reset: false });
  const { token } = await users.invite(ADMIN, "alice", { reset: true });
  await assert.rejects(alice.caller(), { code: "access_denied" });
  await assert.rejects(alice.signIn(), { code: "access_denied" });
  await assert.rejects(registration.invitation(earlier, CLIENT), { code: "not_found" });
  assert.deepEqual(await cluster.backend.range("/devices/alice/"), []);
  await assert.rejects(cluster.backend.get("/passwords/alice"), { code: "not_found" });
  // The same key may come back.
  await alice.register({ token });
  await alice.signIn();
  await alice.caller();
  await signIn.signOut(alice.session!);
});

Deno.test("a removed user leaves nothing behind for the next one of that name", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  await alice.signIn();
  const session = alice.session!;
  const { token } = await cluster.auth.users.invite(ADMIN, "alice", { reset: false });
  await cluster.auth.users.delete(ADMIN, "alice");
  const left = (await cluster.backend.range("/")).map(({ key }) => key)
    .filter((key) => !/^\/(authorities|tokens)\//.test(key));
  assert.deepEqual(left, []);
  await cluster.auth.users.create(ADMIN, { name: "alice", roles: ["access"], logins: [] });
  await assert.rejects(cluster.auth.signIn.authenticate(session, CLIENT), {
    code: "access_denied",
  });
  await assert.rejects(cluster.auth.registration.invitation(token, CLIENT), { code: "not_found" });
  await assert.rejects(alice.signIn({ password: PASSWORD }), { code: "access_denied" });
});

Deno.test("a locked user can neither sign in nor go on, nor use an invitation", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const { token } = await cluster.auth.users.invite(ADMIN, "alice", { reset: false });
  await cluster.auth.users.setLocked(ADMIN, "alice", true);
  await assert.rejects(alice.caller(), { code: "access_denied" });
  await assert.rejects(alice.signIn(), {
    code: "access_denied",
    message: "invalid username, password or second factor",
  });
  await assert.rejects(alice.register({ token }), { code: "not_found" });
  await cluster.auth.users.setLocked(ADMIN, "alice", false);
  await alice.signIn();
  await alice.caller();
});

Deno.test("of the token only a hash is kept, and no secret is in the store in the clear", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  await alice.signIn();
  const { token } = await cluster.auth.users.invite(ADMIN, "alice", { reset: false });
  const { sessionId, bearerToken } = alice.session!;
  const everything = (await cluster.backend.range("/"))
    .map(({ key, value }) => key + new TextDecoder().decode(value)).join("\n") +
    JSON.stringify(await cluster.audit());
  for (const secret of [token, PASSWORD, bearerToken, sessionId, sessionId.split(".")[1]!]) {
    assert.ok(!everything.includes(secret));
  }
});

Deno.test("a token that was left behind when a newer invitation was made is no good", async () => {
  await using cluster = await AuthCluster.open();
  const { users, registration } = cluster.auth;
  await users.create(ADMIN, { name: "alice", roles: ["access"], logins: [] });
  const { token } = await users.invite(ADMIN, "alice", { reset: false });
  const [left] = await cluster.backend.range("/tokens/");
  await users.invite(ADMIN, "alice", { reset: false });
  await cluster.backend.put(left!);
  await assert.rejects(registration.invitation(token, CLIENT), { code: "not_found" });
});
