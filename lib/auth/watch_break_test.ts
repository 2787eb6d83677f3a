import assert from "node:assert/strict";
import { ADMIN, AuthCluster, settle, startLogin } from "../../tests/support/auth_cluster.ts";
import { fakeDeps } from "../../tests/support/fake_deps.ts";
import { type Backend, openMemoryBackend, type Watcher } from "../backend/mod.ts";

/** A store whose watches can be made to break off, as a database's do when the connection is lost. */
function breakable(): { backend: Backend; breakOff: () => void } {
  const inner = openMemoryBackend(fakeDeps());
  const watchers = new Set<Watcher>();
  const backend: Backend = {
    get: (key) => inner.get(key),
    put: (item) => inner.put(item),
    create: (item) => inner.create(item),
    compareAndSwap: (revision, item) => inner.compareAndSwap(revision, item),
    delete: (key) => inner.delete(key),
    compareAndDelete: (revision, key) => inner.compareAndDelete(revision, key),
    range: (prefix, options) => inner.range(prefix, options),
    deleteRange: (prefix) => inner.deleteRange(prefix),
    atomicWrite: (conditions, changes) => inner.atomicWrite(conditions, changes),
    watch: async (keys) => {
      const watcher = await inner.watch(keys);
      watchers.add(watcher);
      return watcher;
    },
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  };
  return {
    backend,
    breakOff: () => {
      for (const watcher of watchers) watcher.close();
      watchers.clear();
    },
  };
}

Deno.test("what happened while the watch was broken is seen when it is whole again", async () => {
  const { backend, breakOff } = breakable();
  await using cluster = await AuthCluster.open({ backend });
  const alice = await cluster.addUser("alice");
  const caller = await alice.caller();
  const unseen = startLogin(cluster.auth, "alice");
  const pending = startLogin(cluster.auth, "alice");
  await cluster.auth.headless.get(caller, pending.id);
  await settle();

  breakOff();
  // Nothing of this reaches the service by itself.
  const looking = cluster.auth.headless.get(caller, unseen.id);
  const response = await alice.assertion(caller);
  await cluster.auth.headless.update(caller, pending.id, { state: "approved", response });
  assert.equal((await pending.result).user, "alice");
  assert.equal((await looking).state, "pending");
  unseen.abort();
  await assert.rejects(unseen.result, { code: "cancelled" });
});

Deno.test("headless: false is seen though the watch was broken when it was written", async () => {
  const { backend, breakOff } = breakable();
  await using cluster = await AuthCluster.open({ backend });
  const login = startLogin(cluster.auth, "alice");
  await settle();
  breakOff();
  const value = new TextEncoder().encode(JSON.stringify({ type: "local", headless: false }));
  await backend.put({ key: "/settings/auth_preference", value });
  await assert.rejects(login.result, { code: "access_denied" });
});

Deno.test("nodes written while the watch was broken are listed", async () => {
  const { backend, breakOff } = breakable();
  await using cluster = await AuthCluster.open({ backend });
  await using other = await cluster.sibling();
  await settle();
  breakOff();
  await cluster.auth.nodes.upsert(ADMIN, {
    kind: "node",
    sub_kind: "",
    version: "v2",
    metadata: { name: "a", labels: {} },
    spec: { addr: "192.0.2.7:22", hostname: "a", public_addrs: [], version: "" },
  });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal((await other.nodes.list(ADMIN, {})).totalCount, 1);
});
