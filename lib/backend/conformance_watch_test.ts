/** What every store must do. Expiry and watches: what happens is told, in order, once. */

import assert from "node:assert/strict";
import { bytes, conformance, describe, fails, take, text } from "../../tests/support/stores.ts";

conformance("forgets what has expired", async ({ store, clock }) => {
  await store.put({ key: "/t/short", value: bytes("1"), expiresAtMs: clock.nowMs + 100 });
  const long = await store.put({
    key: "/t/long",
    value: bytes("2"),
    expiresAtMs: clock.nowMs + 200,
  });
  clock.nowMs += 99;
  assert.equal((await store.range("/t/")).length, 2);
  clock.nowMs += 1;
  assert.deepEqual(await store.range("/t/", { limit: 1 }), [long]);
  await fails("not_found", store.get("/t/short"));
  await fails("not_found", store.delete("/t/short"));
  clock.nowMs += 100;
  await fails(
    "compare_failed",
    store.compareAndSwap(long.revision, { key: "/t/long", value: bytes("3") }),
  );
  await fails("compare_failed", store.compareAndDelete(long.revision, "/t/long"));
  assert.equal(await store.deleteRange("/t/"), 0);
  await store.create({ key: "/t/long", value: bytes("4") });
  clock.nowMs += 1e12;
  assert.equal(text((await store.get("/t/long")).value), "4");
});

conformance(
  "reports what expires as deleted, once, also when nobody asks",
  async ({ store, clock }) => {
    using watcher = await store.watch(["/t/"]);
    const at = clock.nowMs + 100;
    await store.put({ key: "/t/b", value: bytes("1"), expiresAtMs: at });
    await store.put({ key: "/t/a", value: bytes("2"), expiresAtMs: at });
    clock.nowMs = at;
    // Nothing calls the store now: its own timer has to find out.
    assert.deepEqual(await take(watcher, 4), [
      "put /t/b=1",
      "put /t/a=2",
      "delete /t/a",
      "delete /t/b",
    ]);
    await store.put({ key: "/t/a", value: bytes("3"), expiresAtMs: at + 100 });
    clock.nowMs += 100;
    await store.create({ key: "/t/a", value: bytes("4") });
    assert.deepEqual(await take(watcher, 3), ["put /t/a=3", "delete /t/a", "put /t/a=4"]);
  },
);

conformance("drops an expiry that a later write took away", async ({ store, clock }) => {
  await store.put({ key: "/a", value: bytes("1"), expiresAtMs: clock.nowMs + 100 });
  await store.put({ key: "/a", value: bytes("2") });
  clock.nowMs += 1000;
  assert.equal(text((await store.get("/a")).value), "2");
});

conformance("reports changes in the order of the writes", async ({ store }) => {
  await store.put({ key: "/w/before", value: bytes("") });
  using watcher = await store.watch(["/w/", "/exact"]);
  const a = await store.put({ key: "/w/a", value: bytes("1") });
  await Promise.all([
    store.compareAndSwap(a.revision, { key: "/w/a", value: bytes("2") }),
    store.put({ key: "/exact", value: bytes("3") }),
    store.put({ key: "/exact/below", value: bytes("not asked for") }),
    store.put({ key: "/w", value: bytes("not asked for") }),
    store.create({ key: "/w/a", value: bytes("fails") }).catch(() => {}),
    store.delete("/exact"),
  ]);
  await store.atomicWrite([], [{ put: { key: "/w/b/c", value: bytes("4") } }, { delete: "/w/a" }]);
  await store.deleteRange("/w/");
  assert.deepEqual(await take(watcher, 8), [
    "put /w/a=1",
    "put /w/a=2",
    "put /exact=3",
    "delete /exact",
    "put /w/b/c=4",
    "delete /w/a",
    "delete /w/b/c",
    "delete /w/before",
  ]);
});

conformance("reports the item with the revision that get shows", async ({ store }) => {
  using watcher = await store.watch(["/"]);
  const put = await store.put({ key: "/a", value: bytes("1"), expiresAtMs: 3_000_000 });
  const { value: event } = await watcher[Symbol.asyncIterator]().next();
  assert.deepEqual(event, { type: "put", item: put });
  assert.deepEqual(await store.get("/a"), put);
});

conformance("tells a watch of overlapping keys once", async ({ store }) => {
  using watcher = await store.watch(["/", "/a/", "/a/b"]);
  await store.put({ key: "/a/b", value: bytes("1") });
  await store.put({ key: "/end", value: bytes("2") });
  assert.deepEqual(await take(watcher, 2), ["put /a/b=1", "put /end=2"]);
});

conformance("ends a watch that is closed, also while it waits", async ({ store }) => {
  using watcher = await store.watch(["/"]);
  const waiting = take(watcher, 1);
  watcher.close();
  watcher.close();
  assert.deepEqual(await waiting, []);
  await store.put({ key: "/a", value: bytes("1") });
  assert.deepEqual(await take(watcher, 1), []);
});

conformance("ends a watch when its loop is left", async ({ store }) => {
  const watcher = await store.watch(["/"]);
  await store.put({ key: "/a", value: bytes("1") });
  await store.put({ key: "/b", value: bytes("2") });
  for await (const event of watcher) {
    assert.equal(describe(event), "put /a=1");
    break;
  }
  await store.put({ key: "/c", value: bytes("3") });
  assert.deepEqual(await take(watcher, 2), ["put /b=2"]);
});

conformance(
  "keeps writes that were on their way when it is closed, then refuses",
  async ({ store }) => {
    const watcher = await store.watch(["/"]);
    const writing = store.put({ key: "/a", value: bytes("1") });
    await store.close();
    assert.equal(text((await writing).value), "1");
    assert.deepEqual(await take(watcher, 2), ["put /a=1"]);
    await store.close();
    await fails("internal", store.get("/a"));
    await fails("internal", store.put({ key: "/a", value: bytes("") }));
    await fails("internal", store.range("/"));
    await fails("internal", store.watch(["/"]));
  },
);
