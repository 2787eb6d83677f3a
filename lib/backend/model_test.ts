/** Random operations on each store, compared with a map that anyone can check by reading. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { realDeps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { type Backend, openMemoryBackend, openSqliteBackend } from "./mod.ts";

/** What an item is to the model: its text and when it ends. */
interface ModelItem {
  text: string;
  expiresAtMs: number;
  revision: string;
}

type Operation =
  | { do: "put" | "create" | "swap" | "swapStale"; key: string; text: string; lifeMs?: number }
  | { do: "delete" | "deleteSeen" | "get"; key: string }
  | { do: "range" | "deleteRange"; prefix: string; limit: number }
  | { do: "wait"; ms: number }
  | { do: "move"; key: string; to: string };

const keys = fc.constantFrom(
  "/a",
  "/a/x",
  "/a/y",
  "/b",
  "/b/x",
  "/a/x/z",
  "/é/\u{10000}",
  "/é/\u{ffff}",
);
const lifeMs = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined });
const written = (name: "put" | "create" | "swap" | "swapStale") =>
  fc.record({ do: fc.constant(name), key: keys, text: fc.string({ maxLength: 5 }), lifeMs });
const ranged = (name: "range" | "deleteRange") =>
  fc.record({
    do: fc.constant(name),
    prefix: fc.constantFrom("/", "/a/", "/b/", "/é/", "/c/"),
    limit: fc.integer({ min: 1, max: 9 }),
  });
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof<fc.Arbitrary<Operation>[]>(
    written("put"),
    written("create"),
    written("swap"),
    written("swapStale"),
    fc.record({ do: fc.constantFrom("delete", "deleteSeen", "get"), key: keys }),
    ranged("range"),
    ranged("deleteRange"),
    fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constant("move"), key: keys, to: keys }),
  ),
  { maxLength: 40 },
);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function byBytes(a: string, b: string): number {
  const [x, y] = [encoder.encode(a), encoder.encode(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
}

/** Runs `list` on both and compares each answer; at the end compares what a watch saw with what is there. */
async function compare(store: Backend, clock: { nowMs: number }, list: Operation[]): Promise<void> {
  const model = new Map<string, ModelItem>();
  using watcher = await store.watch(["/"]);
  const alive = (key: string) => {
    const item = model.get(key);
    if (item === undefined || item.expiresAtMs > clock.nowMs) return item;
    model.delete(key);
    return undefined;
  };
  const below = (prefix: string) =>
    [...model.keys()].filter((key) => key.startsWith(prefix) && alive(key)).sort(byBytes);

  for (const operation of list) {
    const outcome = await run(store, clock, operation, alive).catch((error) => {
      assert.ok(error instanceof ToolError, String(error));
      return error.code;
    });
    switch (operation.do) {
      case "put":
      case "create":
      case "swap":
      case "swapStale": {
        const before = alive(operation.key);
        if (operation.do === "create" && before) assert.equal(outcome, "already_exists");
        else if (operation.do === "swap" && !before || operation.do === "swapStale") {
          assert.equal(outcome, "compare_failed");
        } else {
          model.set(operation.key, {
            text: operation.text,
            expiresAtMs: clock.nowMs + (operation.lifeMs ?? Infinity),
            revision: outcome as string,
          });
        }
        break;
      }
      case "get":
        assert.equal(outcome, alive(operation.key)?.text ?? "not_found");
        break;
      case "delete":
      case "deleteSeen":
        if (alive(operation.key)) assert.equal(outcome, undefined);
        else assert.equal(outcome, operation.do === "delete" ? "not_found" : "compare_failed");
        model.delete(operation.key);
        break;
      case "range":
        assert.deepEqual(outcome, below(operation.prefix).slice(0, operation.limit));
        break;
      case "deleteRange": {
        const gone = below(operation.prefix);
        assert.equal(outcome, gone.length);
        for (const key of gone) model.delete(key);
        break;
      }
      case "move": {
        const item = alive(operation.key);
        if (!item || operation.key !== operation.to && alive(operation.to)) {
          assert.equal(outcome, "compare_failed");
        } else if (operation.key !== operation.to) {
          model.delete(operation.key);
          model.set(operation.to, {
            text: item.text,
            expiresAtMs: Infinity,
            revision: outcome as string,
          });
        } else assert.equal(outcome, "compare_failed");
        break;
      }
      case "wait":
        break;
    }
  }

  const found = await store.range("/");
  const expected = below("/").map((key) => [key, model.get(key)!.text, model.get(key)!.revision]);
  assert.deepEqual(
    found.map((item) => [item.key, decoder.decode(item.value), item.revision]),
    expected,
  );
  // A watch that saw everything can rebuild the store. The last event is a mark of our own.
  await store.put({ key: "/~", value: new Uint8Array() });
  const rebuilt = new Map<string, string>();
  for await (const event of watcher) {
    if (event.type === "delete") rebuilt.delete(event.key);
    else if (event.item.key === "/~") break;
    else rebuilt.set(event.item.key, decoder.decode(event.item.value));
  }
  assert.deepEqual(
    [...rebuilt].sort(([a], [b]) => byBytes(a, b)),
    expected.map(([key, text]) => [key, text]),
  );
  await store.delete("/~");
}

async function run(
  store: Backend,
  clock: { nowMs: number },
  operation: Operation,
  alive: (key: string) => ModelItem | undefined,
): Promise<unknown> {
  switch (operation.do) {
    case "put":
    case "create":
    case "swap":
    case "swapStale": {
      const item = {
        key: operation.key,
        value: encoder.encode(operation.text),
        ...(operation.lifeMs && { expiresAtMs: clock.nowMs + operation.lifeMs }),
      };
      if (operation.do === "put") return (await store.put(item)).revision;
      if (operation.do === "create") return (await store.create(item)).revision;
      const seen = operation.do === "swap" ? alive(operation.key)?.revision : undefined;
      return (await store.compareAndSwap(seen ?? "never", item)).revision;
    }
    case "get":
      return decoder.decode((await store.get(operation.key)).value);
    case "delete":
      return await store.delete(operation.key);
    case "deleteSeen":
      return await store.compareAndDelete(alive(operation.key)?.revision ?? "never", operation.key);
    case "range":
      return (await store.range(operation.prefix, { limit: operation.limit })).map(({ key }) =>
        key
      );
    case "deleteRange":
      return await store.deleteRange(operation.prefix);
    case "move": {
      const { text, revision } = alive(operation.key) ?? { text: "", revision: "never" };
      const [stored] = await store.atomicWrite(
        [{ key: operation.key, revision }, { key: operation.to, exists: false }],
        [{ delete: operation.key }, { put: { key: operation.to, value: encoder.encode(text) } }],
      );
      return stored!.revision;
    }
    case "wait":
      clock.nowMs += operation.ms;
      return undefined;
  }
}

const { random } = realDeps();

Deno.test("memory store does what a map does, whatever the operations", async () => {
  await fc.assert(fc.asyncProperty(operations, async (list) => {
    const state = { nowMs: 1000 };
    const clock = { now: () => state.nowMs, monotonic: () => state.nowMs };
    await using store = openMemoryBackend({ clock, random });
    await compare(store, state, list);
  }));
});

Deno.test("sqlite store does what a map does, whatever the operations", async () => {
  const directory = await Deno.makeTempDir();
  const state = { nowMs: 1000 };
  const clock = { now: () => state.nowMs, monotonic: () => state.nowMs };
  try {
    await using store = openSqliteBackend(directory, { clock, random });
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        await store.deleteRange("/");
        await compare(store, state, list);
      }),
      { numRuns: 40 },
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
