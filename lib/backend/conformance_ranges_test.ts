/** What every store must do. Ranges, keys and many items. */

import assert from "node:assert/strict";
import { bytes, conformance, fails, text } from "../../tests/support/stores.ts";
import { key, prefix } from "./mod.ts";

conformance("ranges below a prefix, sorted by the bytes of UTF-8", async ({ store }) => {
  const keys = ["/r/a", "/r/a/b", "/r/a!", "/r/Z", "/r/é", "/r/\u{ffff}", "/r/\u{10000}", "/r/a0"];
  for (const name of ["/r", "/q/x", "/s/x", "/r0", ...keys.toReversed()]) {
    await store.put({ key: name, value: bytes(name) });
  }
  const encoder = new TextEncoder();
  const byBytes = (a: string, b: string) => {
    const [x, y] = [encoder.encode(a), encoder.encode(b)];
    const at = x.findIndex((byte, i) => byte !== y[i]);
    return at < 0 ? x.length - y.length : x[at]! - (y[at] ?? -1);
  };
  const found = await store.range("/r/");
  assert.deepEqual(found.map((item) => item.key), keys.toSorted(byBytes));
  for (const item of found) assert.equal(text(item.value), item.key);
  assert.equal((await store.range("/")).length, keys.length + 4);
  assert.deepEqual(await store.range("/none/"), []);
});

conformance("ranges page by page", async ({ store }) => {
  for (let i = 0; i < 10; i++) await store.put({ key: key("p", `k${i}`), value: bytes("") });
  await store.put({ key: "/o", value: bytes("") });
  const pages: string[][] = [];
  let after: string | undefined;
  while (true) {
    const page = await store.range(prefix("p"), { limit: 4, after });
    if (page.length === 0) break;
    pages.push(page.map((item) => item.key.slice(-1)));
    after = page.at(-1)!.key;
  }
  assert.deepEqual(pages.map((page) => page.join("")), ["0123", "4567", "89"]);
  const keysAfter = async (key: string) =>
    (await store.range("/p/", { after: key })).map((item) => item.key.slice(-1)).join("");
  assert.equal(await keysAfter("/p/k5a"), "6789");
  assert.equal(await keysAfter("/a"), "0123456789");
  assert.equal(await keysAfter("/z"), "");
  assert.deepEqual(await store.range("/p/", { limit: 0 }), []);
});

conformance("deletes ranges and counts", async ({ store }) => {
  for (const name of ["/d/a", "/d/b/c", "/d", "/d0", "/e/a"]) {
    await store.put({ key: name, value: bytes("") });
  }
  assert.equal(await store.deleteRange("/d/"), 2);
  assert.equal(await store.deleteRange("/d/"), 0);
  assert.deepEqual((await store.range("/")).map((item) => item.key), ["/d", "/d0", "/e/a"]);
});

conformance("holds ten thousand items that are written at once", async ({ store }) => {
  const names = Array.from({ length: 10_000 }, (_, i) => key("many", `k${i}`));
  await Promise.all(names.map((name) => store.create({ key: name, value: bytes(name) })));
  const found = await store.range("/many/");
  assert.deepEqual(found.map((item) => item.key), names.toSorted());
  assert.equal(await store.deleteRange("/many/"), 10_000);
});
conformance("refuses keys that are none", async ({ store }) => {
  for (const wrong of ["", "a", "/a/", "/a\0b", "/\ud800", "/" + "x".repeat(5000)]) {
    await fails("bad_parameter", store.get(wrong));
    await fails("bad_parameter", store.put({ key: wrong, value: bytes("") }));
    await fails("bad_parameter", store.atomicWrite([{ key: wrong, exists: false }], []));
    await fails("bad_parameter", store.atomicWrite([], [{ delete: wrong }]));
  }
  for (const wrong of ["", "/a", "a/"]) {
    await fails("bad_parameter", store.range(wrong));
    await fails("bad_parameter", store.deleteRange(wrong));
  }
  await fails("bad_parameter", store.watch(["a"]));
});
