import assert from "node:assert/strict";
import { AuthCluster, settle, startLogin } from "../../../tests/support/auth_cluster.ts";
import { DENIED, pass } from "../../../tests/support/headless_help.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { headlessId } from "../../wire/mod.ts";

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
