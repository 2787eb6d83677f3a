/**
 * The store's contract: keys and values with expiry, conditional writes and watches.
 *
 * Keys are paths (`/users/alice`), made of segments that {@linkcode key} escapes. Values are bytes; what they mean is
 * the caller's. Every write gives the item a new revision, an opaque string that conditional writes compare.
 *
 * @module
 */

/** One stored value. */
export interface Item {
  /** Path of the item. */
  key: string;
  /** The bytes stored. */
  value: Uint8Array;
  /** When the item stops to exist, in milliseconds since the Unix epoch; absent when it never does. */
  expiresAtMs?: number;
  /** Opaque; differs after every write. */
  revision: string;
}

/** An item to be written; the store chooses the revision. */
export type NewItem = Omit<Item, "revision">;

/** What must hold of a key for an atomic write to happen: it has this revision, exists, or does not. */
export type Condition =
  | { key: string; revision: string }
  | { key: string; exists: boolean };

/** One change of an atomic write. */
export type Change = { put: NewItem } | { delete: string };

/** A change that a watch reports. An item that expires is reported as deleted. */
export type BackendEvent =
  | { type: "put"; item: Item }
  | { type: "delete"; key: string };

/** A running watch: an async iterable of events, in the order of the writes, that ends when closed. */
export interface Watcher extends AsyncIterable<BackendEvent>, Disposable {
  /** Ends the watch; a waiting iterator finishes. Safe to call twice. */
  close(): void;
}

/** What part of a range to read. */
export interface RangeOptions {
  /** At most this many items; all when absent. */
  limit?: number;
  /** Only keys that sort after this one (exclusive). */
  after?: string;
}

/**
 * Keys and values with expiry, conditional writes and watches. Expired items are never returned.
 *
 * All methods throw `ToolError`: `not_found`, `already_exists`, `compare_failed`, or `internal` when the store fails.
 */
export interface Backend extends AsyncDisposable {
  /** The item at `key`. Throws `not_found`. */
  get(key: string): Promise<Item>;
  /** Writes an item, whether it existed or not. */
  put(item: NewItem): Promise<Item>;
  /** Writes an item that must not exist yet. Throws `already_exists`. */
  create(item: NewItem): Promise<Item>;
  /** Replaces the item at `item.key` if its revision is still `revision`. Throws `compare_failed`, also when gone. */
  compareAndSwap(revision: string, item: NewItem): Promise<Item>;
  /** Removes the item. Throws `not_found`. */
  delete(key: string): Promise<void>;
  /** Removes the item if its revision is still `revision`. Throws `compare_failed`, also when gone. */
  compareAndDelete(revision: string, key: string): Promise<void>;
  /** All items whose key starts with `prefix` (which ends in `/`), sorted by key (by UTF-8 bytes). */
  range(prefix: string, options?: RangeOptions): Promise<Item[]>;
  /** Removes all items whose key starts with `prefix` (which ends in `/`); tells how many. */
  deleteRange(prefix: string): Promise<number>;
  /**
   * All changes or none. Throws `compare_failed` when a condition does not hold; nothing is written then.
   * Returns the items that were put, in order.
   */
  atomicWrite(conditions: Condition[], changes: Change[]): Promise<Item[]>;
  /**
   * Reports every change to keys that equal one of `keys` or, where it ends in `/`, start with it. When the promise
   * resolves the watch is on: a write that begins after it is reported.
   */
  watch(keys: string[]): Promise<Watcher>;
  /** Ends all watches and lets go of the store. */
  close(): Promise<void>;
}

/** Joins segments into a key, escaping what would change its shape: `key("users", "a/b")` is `/users/a%2Fb`. */
export function key(...segments: string[]): string {
  return segments.map((segment) => "/" + encodeURIComponent(segment)).join("");
}

/** Like {@linkcode key}, ending in `/`: the prefix of all keys below. */
export function prefix(...segments: string[]): string {
  return key(...segments) + "/";
}
