import type { Deps } from "../deps/mod.ts";
import type { Backend, Item, RangeOptions } from "./backend.ts";
import { compareKeys, endOfRange } from "./keys.ts";
import { Store } from "./store.ts";
import { isExpired, type Table } from "./table.ts";

/** A store that is gone when the process is: for tests and trials. */
export function openMemoryBackend(deps: Pick<Deps, "clock" | "random">): Backend {
  return new Store(new MemoryTable(), deps);
}

/** Rows in a map, their keys once more in a sorted array. */
class MemoryTable implements Table {
  readonly #rows = new Map<string, Item>();
  readonly #keys: string[] = [];

  get(key: string): Item | undefined {
    const row = this.#rows.get(key);
    return row && { ...row, value: row.value.slice() };
  }

  put(item: Item): void {
    if (!this.#rows.has(item.key)) this.#keys.splice(this.#indexOf(item.key), 0, item.key);
    this.#rows.set(item.key, item);
  }

  delete(key: string): void {
    if (this.#rows.delete(key)) this.#keys.splice(this.#indexOf(key), 1);
  }

  range(prefix: string, nowMs: number, options: RangeOptions): Item[] {
    const items: Item[] = [];
    const limit = options.limit ?? Infinity;
    const end = this.#indexOf(endOfRange(prefix));
    let index = this.#indexOf(prefix);
    if (options.after !== undefined) {
      const after = this.#indexOf(options.after);
      index = Math.max(index, this.#keys[after] === options.after ? after + 1 : after);
    }
    for (; index < end && items.length < limit; index++) {
      const row = this.#rows.get(this.#keys[index]!)!;
      if (!isExpired(row, nowMs)) items.push({ ...row, value: row.value.slice() });
    }
    return items;
  }

  removeRange(prefix: string): string[] {
    const start = this.#indexOf(prefix);
    const removed = this.#keys.splice(start, this.#indexOf(endOfRange(prefix)) - start);
    for (const key of removed) this.#rows.delete(key);
    return removed;
  }

  removeExpired(nowMs: number): string[] {
    const removed = this.#keys.filter((key) => isExpired(this.#rows.get(key)!, nowMs));
    for (const key of removed) this.delete(key);
    return removed;
  }

  earliestExpiryMs(): number | undefined {
    let earliest: number | undefined;
    for (const { expiresAtMs } of this.#rows.values()) {
      if (expiresAtMs !== undefined && expiresAtMs < (earliest ?? Infinity)) earliest = expiresAtMs;
    }
    return earliest;
  }

  /** Nothing here can fail half-way, so there is nothing to take back. */
  transaction(write: () => void): void {
    write();
  }

  close(): void {
    this.#rows.clear();
    this.#keys.length = 0;
  }

  /** Where `key` is, or would be. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
