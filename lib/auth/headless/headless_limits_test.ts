import assert from "node:assert/strict";
import { AuthCluster, settle, startLogin } from "../../../tests/support/auth_cluster.ts";
import { DENIED, headlessItems } from "../../../tests/support/headless_help.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { headlessId } from "../../wire/mod.ts";

const FULL = {
  code: "limit_exceeded",
  message: "too many headless logins are waiting, try again later",
};
const at = (n: number) => ({ client: { address: `198.51.100.${n}` } });

Deno.test("waiting commands are capped by name and address, unknown names like known ones", async () => {
  await using cluster = await AuthCluster.open({
    limits: { waitingPerAddress: 3, waitingPerName: 5 },
  });
  await cluster.addUser("alice");
  for (const name of ["alice", "nosuch"]) {
    const logins = [];
    for (let i = 0; i < 5; i++) logins.push(startLogin(cluster.auth, name, at(i)));
    await settle();
    await assert.rejects(startLogin(cluster.auth, name, at(2)).result, FULL);
    for (const login of logins) login.abort();
    for (const login of logins) await assert.rejects(login.result, { code: "cancelled" });
    const again = startLogin(cluster.auth, name, at(2));
    await settle();
    again.abort();
    await assert.rejects(again.result, { code: "cancelled" });
  }
});

Deno.test("five addresses that fill a name's places do not keep the person's command out", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  for (const name of ["alice", "nosuch"]) {
    const idle = Array.from({ length: 100 }, (_, i) => startLogin(cluster.auth, name, at(i % 5)));
    const ended: number[] = [];
    idle.forEach(({ result }, index) => result.catch(() => ended.push(index)));
    await settle();
    // What alice was shown keeps its place; nobody is shown anything of a user who is not there.
    if (name === "alice") await cluster.auth.headless.get(await alice.caller(), idle[0]!.id);
    const own = startLogin(cluster.auth, name, at(99));
    await settle();
    assert.deepEqual(ended, [name === "alice" ? 1 : 0]);
    await assert.rejects(idle[ended[0]!]!.result, FULL);
    if (name === "alice") {
      await alice.approve(own.id);
      assert.equal((await own.result).user, "alice");
    }
    for (const login of [...idle, own]) login.abort();
    const ends = await Promise.allSettled(idle.map(({ result }) => result));
    const codes = ends.map((end) => end.status === "rejected" ? end.reason.code : "approved");
    assert.equal(codes.filter((code) => code === "limit_exceeded").length, 1);
    assert.equal(codes.filter((code) => code === "cancelled").length, 99);
    await settle();
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
