import type { Item, RangeOptions } from "./backend.ts";

/**
 * Where rows lie: what a {@linkcode Store} needs of memory or of SQLite. Synchronous, and used by one store only. Rows
 * whose time has passed stay until {@linkcode Table.removeExpired} takes them, and are told apart by the caller, except
 * in ranges.
 */
export interface Table {
  /** The row, expired or not. */
  get(key: string): Item | undefined;
  /** Writes the row over whatever was there. */
  put(item: Item): void;
  /** Removes the row, if it is there. */
  delete(key: string): void;
  /** Rows below `prefix` that are alive at `nowMs`, sorted by key. */
  range(prefix: string, nowMs: number, options: RangeOptions): Item[];
  /** Removes the rows below `prefix` and tells their keys, sorted. */
  removeRange(prefix: string): string[];
  /** Removes the rows that have expired at `nowMs` and tells their keys, sorted. */
  removeExpired(nowMs: number): string[];
  /** When the next row expires, or `undefined` when none ever will. */
  earliestExpiryMs(): number | undefined;
  /** Runs `write` so that, when this returns, all of it is kept; when `write` or keeping it throws, none is. */
  transaction(write: () => void): void;
  /** Lets go of the rows. */
  close(): void;
}

/** Whether `item` has stopped to exist at `nowMs`. */
export function isExpired(item: Item, nowMs: number): boolean {
  return item.expiresAtMs !== undefined && item.expiresAtMs <= nowMs;
}
