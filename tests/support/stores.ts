/**
 * Every kind of store, for tests of what all must do. A new kind joins by adding itself to `KINDS`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Clock, realDeps } from "../../lib/deps/mod.ts";
import { type ErrorCode, ToolError } from "../../lib/errors/mod.ts";
import {
  type Backend,
  type BackendEvent,
  openMemoryBackend,
  openSqliteBackend,
  type Watcher,
} from "../../lib/backend/mod.ts";

/** A store under test, its clock, and how to clean up after it. */
export interface Subject extends AsyncDisposable {
  store: Backend;
  /** Wall clock of the store, set by the test. */
  clock: { nowMs: number };
}

type Kind = readonly [name: string, open: () => Promise<Subject>];

function clockOf(state: { nowMs: number }): Clock {
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
export function conformance(behaviour: string, test: (subject: Subject) => Promise<void>): void {
  for (const [name, open] of KINDS) {
    Deno.test(`${name} store ${behaviour}`, async () => {
      await using subject = await open();
      await test(subject);
    });
  }
}

/** Text as bytes. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Bytes as text. */
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);

/** The promise fails, with a `ToolError` of this code. */
export async function fails(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
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
export async function take(watcher: Watcher, count: number): Promise<string[]> {
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

/** An event as a short text. */
export function describe(event: BackendEvent): string {
  return event.type === "put"
    ? `put ${event.item.key}=${text(event.item.value)}`
    : `delete ${event.key}`;
}
