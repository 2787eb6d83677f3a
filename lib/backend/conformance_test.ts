/**
 * What every store must do, run against each. A new kind of store joins by adding itself to `KINDS`.
 */

import assert from "node:assert/strict";
import { realDeps } from "../deps/mod.ts";
import { type ErrorCode, ToolError } from "../errors/mod.ts";
import {
  type Backend,
  type BackendEvent,
  key,
  openMemoryBackend,
  openSqliteBackend,
  prefix,
  type Watcher,
} from "./mod.ts";

/** A store under test, its clock, and how to clean up after it. */
interface Subject extends AsyncDisposable {
  store: Backend;
  /** Wall clock of the store, set by the test. */
  clock: { nowMs: number };
}

type Kind = readonly [name: string, open: () => Promise<Subject>];

function clockOf(state: { nowMs: number }) {
  return { now: () => state.nowMs, monotonic: () => state.nowMs };
}

const KINDS: readonly Kind[] = [
  ["memory", () => {
    const clock = { nowMs: 1_000_000 };
    const store = openMemoryBackend({ clock: clockOf(clock), random: realDeps().random });
    return Promise.resolve({ store, clock, [Symbol.asyncDispose]: () => store.close() });
  }],
  ["sqlite", async () => {
    const clock = { nowMs: 1_000_000 };
    const directory = await Deno.makeTempDir();
    const store = openSqliteBackend(directory, {
      clock: clockOf(clock),
      random: realDeps().random,
    });
    return {
      store,
      clock,
      async [Symbol.asyncDispose]() {
        await store.close();
        await Deno.remove(directory, { recursive: true });
      },
    };
  }],
];

/** Registers one test for each kind of store. */
function conformance(behaviour: string, test: (subject: Subject) => Promise<void>): void {
  for (const [name, open] of KINDS) {
    Deno.test(`${name} store ${behaviour}`, async () => {
      await using subject = await open();
      await test(subject);
    });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

async function fails(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ToolError);
    assert.equal(error.code, code);
    return true;
  });
}

/**
 * The next `count` events of a watch, as short texts; fewer when it ends or nothing more comes. The deadline also keeps the
 * process alive, which a store does not.
 */
async function take(watcher: Watcher, count: number): Promise<string[]> {
  const events = watcher[Symbol.asyncIterator]();
  const seen: string[] = [];
  const deadline = setTimeout(() => watcher.close(), 5000);
  using _ = { [Symbol.dispose]: () => clearTimeout(deadline) };
  while (seen.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    seen.push(describe(value));
  }
  return seen;
}

function describe(event: BackendEvent): string {
  return event.type === "put"
    ? `put ${event.item.key}=${text(event.item.value)}`
    : `delete ${event.key}`;
}

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

conformance("holds ten thousand items that are written at once", async ({ store }) => {
  const names = Array.from({ length: 10_000 }, (_, i) => key("many", `k${i}`));
  await Promise.all(names.map((name) => store.create({ key: name, value: bytes(name) })));
  const found = await store.range("/many/");
  assert.deepEqual(found.map((item) => item.key), names.toSorted());
  assert.equal(await store.deleteRange("/many/"), 10_000);
});
