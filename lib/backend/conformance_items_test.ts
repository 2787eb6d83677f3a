/** What every store must do. Items: what is put is what is got. */

import assert from "node:assert/strict";
import { bytes, conformance, fails, text } from "../../tests/support/stores.ts";

conformance("gives back what was put", async ({ store }) => {
  const put = await store.put({ key: "/a", value: bytes("one"), expiresAtMs: 2_000_000 });
  assert.deepEqual(await store.get("/a"), put);
  assert.equal(text(put.value), "one");
  assert.equal(put.expiresAtMs, 2_000_000);
  assert.ok(!("expiresAtMs" in await store.put({ key: "/a", value: bytes("two") })));
  assert.ok(!("expiresAtMs" in await store.get("/a")));
});

conformance("keeps any bytes, also none and many", async ({ store }) => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const many = new Uint8Array(1 << 20).fill(7);
  for (const value of [all, new Uint8Array(), many]) {
    await store.put({ key: "/bytes", value });
    assert.deepEqual((await store.get("/bytes")).value, value);
  }
});

conformance("is not changed by what callers do to their arrays", async ({ store }) => {
  const value = bytes("original");
  const writing = store.put({ key: "/a", value });
  value.fill(0);
  const put = await writing;
  put.value.fill(0);
  const got = await store.get("/a");
  assert.equal(text(got.value), "original");
  got.value.fill(0);
  (await store.range("/"))[0]!.value.fill(0);
  assert.equal(text((await store.get("/a")).value), "original");
});

conformance("says not_found for what is not there", async ({ store }) => {
  await fails("not_found", store.get("/nothing"));
  await fails("not_found", store.delete("/nothing"));
  await store.put({ key: "/a", value: bytes("") });
  await store.delete("/a");
  await fails("not_found", store.get("/a"));
  await fails("not_found", store.delete("/a"));
});

conformance("creates only what does not exist", async ({ store }) => {
  await store.create({ key: "/a", value: bytes("first") });
  await fails("already_exists", store.create({ key: "/a", value: bytes("second") }));
  assert.equal(text((await store.get("/a")).value), "first");
  await store.delete("/a");
  await store.create({ key: "/a", value: bytes("third") });
  assert.equal(text((await store.get("/a")).value), "third");
});

conformance("lets one of many concurrent creators win", async ({ store }) => {
  const attempts = Array.from(
    { length: 20 },
    (_, i) => store.create({ key: "/a", value: bytes(String(i)) }),
  );
  const results = await Promise.allSettled(attempts);
  assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
});

conformance("gives every write its own revision", async ({ store }) => {
  const revisions = new Set<string>();
  for (let i = 0; i < 3; i++) {
    revisions.add((await store.put({ key: "/a", value: bytes("same") })).revision);
  }
  await store.delete("/a");
  revisions.add((await store.create({ key: "/a", value: bytes("same") })).revision);
  assert.equal(revisions.size, 4);
});
