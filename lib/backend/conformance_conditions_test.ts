/** What every store must do. Writes with conditions: of many, one wins. */

import assert from "node:assert/strict";
import { bytes, conformance, fails, text } from "../../tests/support/stores.ts";

conformance("swaps only the revision that was seen", async ({ store }) => {
  const first = await store.put({ key: "/a", value: bytes("1") });
  const second = await store.compareAndSwap(first.revision, { key: "/a", value: bytes("2") });
  await fails(
    "compare_failed",
    store.compareAndSwap(first.revision, { key: "/a", value: bytes("3") }),
  );
  assert.deepEqual(await store.get("/a"), second);
  await store.delete("/a");
  await fails(
    "compare_failed",
    store.compareAndSwap(second.revision, { key: "/a", value: bytes("4") }),
  );
  await fails("not_found", store.get("/a"));
});

conformance("lets one of many concurrent swappers win", async ({ store }) => {
  const { revision } = await store.put({ key: "/a", value: bytes("start") });
  const results = await Promise.allSettled(
    Array.from(
      { length: 20 },
      (_, i) => store.compareAndSwap(revision, { key: "/a", value: bytes(String(i)) }),
    ),
  );
  const winners = results.filter((result) => result.status === "fulfilled");
  assert.equal(winners.length, 1);
  assert.deepEqual(await store.get("/a"), winners[0]!.value);
});

conformance("deletes only the revision that was seen", async ({ store }) => {
  const first = await store.put({ key: "/a", value: bytes("1") });
  const second = await store.put({ key: "/a", value: bytes("2") });
  await fails("compare_failed", store.compareAndDelete(first.revision, "/a"));
  await store.compareAndDelete(second.revision, "/a");
  await fails("compare_failed", store.compareAndDelete(second.revision, "/a"));
});

conformance("writes all changes or none", async ({ store }) => {
  const a = await store.put({ key: "/a", value: bytes("a") });
  const stored = await store.atomicWrite(
    [{ key: "/a", revision: a.revision }, { key: "/b", exists: false }, {
      key: "/a",
      exists: true,
    }],
    [{ put: { key: "/b", value: bytes("b") } }, { delete: "/a" }, {
      put: { key: "/c", value: bytes("c") },
    }, { delete: "/never" }],
  );
  assert.deepEqual(stored.map((item) => item.key), ["/b", "/c"]);
  assert.deepEqual(await store.range("/"), stored);
  for (
    const condition of [
      { key: "/a", exists: true },
      { key: "/b", exists: false },
      { key: "/b", revision: a.revision },
      { key: "/a", revision: a.revision },
    ]
  ) {
    await fails(
      "compare_failed",
      store.atomicWrite([{ key: "/c", exists: true }, condition], [
        { put: { key: "/d", value: bytes("d") } },
        { delete: "/b" },
      ]),
    );
  }
  assert.deepEqual(await store.range("/"), stored);
});

conformance("does not let one failing write spoil those beside it", async ({ store }) => {
  const results = await Promise.allSettled([
    store.put({ key: "/a", value: bytes("a") }),
    store.create({ key: "/a", value: bytes("again") }),
    store.delete("/missing"),
    store.put({ key: "/b", value: bytes("b") }),
  ]);
  assert.deepEqual(results.map((result) => result.status), [
    "fulfilled",
    "rejected",
    "rejected",
    "fulfilled",
  ]);
  assert.deepEqual((await store.range("/")).map((item) => text(item.value)), ["a", "b"]);
});
