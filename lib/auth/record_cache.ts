import { getLogger } from "@logtape/logtape";
import type { Backend, BackendEvent, Item, Watcher } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { messageOf } from "../errors/mod.ts";
import { KeptWatch } from "./kept_watch.ts";
import type { Records } from "./records.ts";

const log = getLogger(["latchkey", "auth"]);

/** Between attempts to read everything again when the watch broke off. */
const RETRY_MS = 1_000;

/** A record in memory. */
export interface CachedRecord<T> {
  value: T;
  expiresAtMs: number | undefined;
}

/** What a {@linkcode RecordCache} is of. */
export interface RecordCacheOptions<T> {
  records: Records<T>;
  /** Where the records are, ending in `/`. */
  prefix: string;
  /** What they are called in the log: `nodes`. */
  what: string;
  deps: Pick<Deps, "clock">;
}

/**
 * All records of one kind in memory, kept up by a watch: a listing of ten thousand must not read and parse ten thousand
 * records. What was written through {@linkcode RecordCache.apply} is seen at once.
 */
export class RecordCache<T> implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #options: RecordCacheOptions<T>;
  readonly #cached = new Map<string, CachedRecord<T>>();
  readonly #watch: KeptWatch;
  #version = 0;

  /** A cache of records in `backend`; empty before {@linkcode start}. */
  constructor(backend: Backend, options: RecordCacheOptions<T>) {
    this.#backend = backend;
    this.#options = options;
    this.#watch = new KeptWatch({
      what: options.what,
      retryMs: RETRY_MS,
      open: () => this.#load(),
      see: (event) => this.#see(event),
    });
  }

  /** Reads all records, and follows their changes from then on. */
  start(): Promise<void> {
    return this.#watch.start();
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  /** The record at `key`, unless it has expired. */
  get(key: string): T | undefined {
    const found = this.#cached.get(key);
    return found === undefined || !this.isAlive(found) ? undefined : found.value;
  }

  /** All records, also those that have expired and are not gone yet, in no order. */
  all(): Iterable<CachedRecord<T>> {
    return this.#cached.values();
  }

  /** Whether a record has not expired. */
  isAlive({ expiresAtMs }: Pick<CachedRecord<T>, "expiresAtMs">): boolean {
    return expiresAtMs === undefined || expiresAtMs > this.#options.deps.clock.now();
  }

  /** Takes note of what was just written at `key`; `undefined` when it was removed. */
  apply(key: string, item: Item | undefined): void {
    this.#version++;
    this.#cached.delete(key);
    if (item === undefined) return;
    try {
      const value = this.#options.records.decode(item);
      this.#cached.set(key, { value, expiresAtMs: item.expiresAtMs });
    } catch (error) {
      log.error("one of the stored {what} cannot be read: {reason}", {
        what: this.#options.what,
        reason: messageOf(error),
      });
    }
  }

  /** Ends the watch. */
  close(): Promise<void> {
    return this.#watch.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #load(): Promise<Watcher> {
    const { prefix } = this.#options;
    const watcher = await this.#backend.watch([prefix]);
    try {
      const items = await this.#backend.range(prefix);
      this.#cached.clear();
      this.#version++;
      for (const item of items) this.apply(item.key, item);
      return watcher;
    } catch (error) {
      watcher.close();
      throw error;
    }
  }

  #see(event: BackendEvent): void {
    if (event.type === "put") this.apply(event.item.key, event.item);
    else this.apply(event.key, undefined);
  }
}
