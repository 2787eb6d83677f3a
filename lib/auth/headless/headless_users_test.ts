import assert from "node:assert/strict";
import { ADMIN, AuthCluster, startLogin } from "../../../tests/support/auth_cluster.ts";
import { DENIED, edit, pass } from "../../../tests/support/headless_help.ts";
import { parseSshCertificate } from "../../keys/mod.ts";

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
