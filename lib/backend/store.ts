// deno-lint-ignore-file require-await -- async, so that a wrong key rejects like any failure and never throws at the call
/**
 * The rules of {@linkcode Backend} over a {@linkcode Table}: conditions, revisions, expiry, watches.
 *
 * Writes are kept together (group commit). A write is put in a queue, and at the end of the event loop's turn all
 * queued writes run in one transaction, one after another, each seeing those before it. One whose condition does not
 * hold changes nothing and fails alone. When the transaction has been kept, events go out in the order of the writes and
 * then each writer gets its answer. So ten thousand people who arrive together cost one fsync, not ten thousand, and what was
 * answered is on disk.
 *
 * Reads look at the table at once: they see all that was answered, and nothing that could still be lost.
 *
 * @module
 */

import { clearImmediate, setImmediate } from "node:timers";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import type {
  Backend,
  BackendEvent,
  Change,
  Condition,
  Item,
  NewItem,
  RangeOptions,
  Watcher,
} from "./backend.ts";
import { checkKey, checkPrefix } from "./keys.ts";
import { isExpired, type Table } from "./table.ts";
import { WatchHub } from "./watch.ts";

/** The longest sleep before looking at the wall clock again, which may have been set. */
const MAX_SLEEP_MS = 60_000;
/** The shortest, so that many items that expire one by one are taken together. */
const MIN_SLEEP_MS = 10;

/** What a write does inside the transaction; events are gathered for after it. */
type Run<T> = (events: BackendEvent[], nowMs: number) => T;

interface Write {
  run: Run<unknown>;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/** A {@linkcode Backend} in this process. */
export class Store implements Backend {
  readonly #table: Table;
  readonly #clock: Deps["clock"];
  readonly #hub = new WatchHub();
  /** Revisions are this and a counter: unique among all processes that ever wrote here. */
  readonly #revisionPrefix: string;
  #revisionCount = 0;
  #queue: Write[] = [];
  #flushHandle: ReturnType<typeof setImmediate> | undefined;
  /** No item expires before this; `undefined` when none ever does. */
  #nextExpiryMs: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** Takes over `table`, which must be open. */
  constructor(table: Table, deps: Pick<Deps, "clock" | "random">) {
    this.#table = table;
    this.#clock = deps.clock;
    this.#revisionPrefix = deps.random.bytes(9).toBase64({ alphabet: "base64url" });
    this.#nextExpiryMs = table.earliestExpiryMs();
    this.#arm();
  }

  async get(key: string): Promise<Item> {
    checkKey(key);
    const item = this.#read(() => this.#alive(key, this.#clock.now()));
    if (item === undefined) throw new ToolError("not_found", "the item does not exist");
    return item;
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<Item[]> {
    checkPrefix(prefix);
    return this.#read(() => this.#table.range(prefix, this.#clock.now(), options));
  }

  async put(item: NewItem): Promise<Item> {
    checkKey(item.key);
    const stored = this.#stamp(item);
    return this.#write((events) => this.#store(stored, events));
  }

  async create(item: NewItem): Promise<Item> {
    checkKey(item.key);
    const stored = this.#stamp(item);
    return this.#write((events, nowMs) => {
      if (this.#alive(item.key, nowMs) !== undefined) {
        throw new ToolError("already_exists", "the item exists already");
      }
      return this.#store(stored, events);
    });
  }

  async compareAndSwap(revision: string, item: NewItem): Promise<Item> {
    const [stored] = await this.atomicWrite([{ key: item.key, revision }], [{ put: item }]);
    return stored!;
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    return this.#write((events, nowMs) => {
      if (this.#alive(key, nowMs) === undefined) {
        throw new ToolError("not_found", "the item does not exist");
      }
      this.#remove(key, events);
    });
  }

  async compareAndDelete(revision: string, key: string): Promise<void> {
    await this.atomicWrite([{ key, revision }], [{ delete: key }]);
  }

  async deleteRange(prefix: string): Promise<number> {
    checkPrefix(prefix);
    return this.#write((events) => {
      const keys = this.#table.removeRange(prefix);
      for (const key of keys) events.push({ type: "delete", key });
      return keys.length;
    });
  }

  async atomicWrite(conditions: Condition[], changes: Change[]): Promise<Item[]> {
    for (const condition of conditions) checkKey(condition.key);
    const steps = changes.map((change) => {
      checkKey("put" in change ? change.put.key : change.delete);
      return "put" in change ? { put: this.#stamp(change.put) } : change;
    });
    const required = conditions.map((condition) => ({ ...condition }));
    return this.#write((events, nowMs) => {
      if (!required.every((condition) => this.#holds(condition, nowMs))) {
        throw new ToolError("compare_failed", "the item was changed by somebody else");
      }
      const stored: Item[] = [];
      for (const step of steps) {
        if ("put" in step) stored.push(this.#store(step.put, events));
        else this.#remove(step.delete, events);
      }
      return stored;
    });
  }

  async watch(keys: string[]): Promise<Watcher> {
    for (const key of keys) key.endsWith("/") ? checkPrefix(key) : checkKey(key);
    return this.#read(() => this.#hub.watch([...keys]));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#hub.close();
    this.#table.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A private copy with a revision: the caller may go on to change its bytes. */
  #stamp(item: NewItem): Item {
    const stored: Item = {
      key: item.key,
      value: item.value.slice(),
      revision: `${this.#revisionPrefix}.${(this.#revisionCount++).toString(36)}`,
    };
    if (item.expiresAtMs !== undefined) stored.expiresAtMs = Math.ceil(item.expiresAtMs);
    return stored;
  }

  #alive(key: string, nowMs: number): Item | undefined {
    const item = this.#table.get(key);
    return item === undefined || isExpired(item, nowMs) ? undefined : item;
  }

  #holds(condition: Condition, nowMs: number): boolean {
    const item = this.#alive(condition.key, nowMs);
    return "revision" in condition
      ? item?.revision === condition.revision
      : (item !== undefined) === condition.exists;
  }

  #store(item: Item, events: BackendEvent[]): Item {
    this.#table.put(item);
    if (item.expiresAtMs !== undefined && item.expiresAtMs < (this.#nextExpiryMs ?? Infinity)) {
      this.#nextExpiryMs = item.expiresAtMs;
    }
    events.push({ type: "put", item: copy(item) });
    return copy(item);
  }

  #remove(key: string, events: BackendEvent[]): void {
    if (this.#table.get(key) === undefined) return;
    this.#table.delete(key);
    events.push({ type: "delete", key });
  }

  #read<T>(look: () => T): T {
    if (this.#closed) throw closedError();
    if (this.#expiryIsDue(this.#clock.now())) this.#flushSoon();
    try {
      return look();
    } catch (error) {
      if (isToolError(error)) throw error;
      throw new ToolError("internal", "the store cannot be read", { cause: error });
    }
  }

  #write<T>(run: Run<T>): Promise<T> {
    if (this.#closed) throw closedError();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue.push({ run, resolve, reject });
    this.#flushSoon();
    return promise;
  }

  #flushSoon(): void {
    this.#flushHandle ??= setImmediate(() => this.#flush());
  }

  /** Runs what is queued, in one transaction. */
  #flush(): void {
    clearImmediate(this.#flushHandle);
    this.#flushHandle = undefined;
    const writes = this.#queue;
    this.#queue = [];
    const events: BackendEvent[] = [];
    const answers: (() => void)[] = [];
    const nowMs = this.#clock.now();
    const expiryIsDue = this.#expiryIsDue(nowMs);
    if (writes.length > 0 || expiryIsDue) {
      try {
        this.#table.transaction(() => {
          if (expiryIsDue) {
            for (const key of this.#table.removeExpired(nowMs)) {
              events.push({ type: "delete", key });
            }
          }
          for (const write of writes) answers.push(runOne(write, events, nowMs));
        });
        if (expiryIsDue) this.#nextExpiryMs = this.#table.earliestExpiryMs();
      } catch (error) {
        const failure = new ToolError("internal", "the store cannot be written", { cause: error });
        for (const write of writes) write.reject(failure);
        this.#arm();
        return;
      }
    }
    for (const event of events) this.#hub.publish(event);
    for (const answer of answers) answer();
    this.#arm();
  }

  #expiryIsDue(nowMs: number): boolean {
    return this.#nextExpiryMs !== undefined && this.#nextExpiryMs <= nowMs;
  }

  /** Wakes the store when the next item expires, without keeping the process alive for it. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#nextExpiryMs === undefined || this.#closed) return;
    const wait = this.#nextExpiryMs - this.#clock.now();
    this.#timer = setTimeout(
      () => this.#flush(),
      Math.min(Math.max(wait, MIN_SLEEP_MS), MAX_SLEEP_MS),
    );
    Deno.unrefTimer(this.#timer);
  }
}

/** Runs one write of the transaction; its answer is given when all has been kept. */
function runOne(write: Write, events: BackendEvent[], nowMs: number): () => void {
  try {
    const value = write.run(events, nowMs) as never;
    return () => write.resolve(value);
  } catch (error) {
    if (!isToolError(error)) throw error;
    return () => write.reject(error);
  }
}

function copy(item: Item): Item {
  return { ...item, value: item.value.slice() };
}

function closedError(): ToolError {
  return new ToolError("internal", "the store has been closed");
}
