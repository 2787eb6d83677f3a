import { ToolError } from "../errors/mod.ts";
import type { BackendEvent, Watcher } from "./backend.ts";

/** Events that may wait for a slow reader; one more and its watch ends with an error. */
const MAX_WAITING_EVENTS = 65_536;

/** Hands each event to the watches that asked for its key, found by that key and not by asking each watch. */
export class WatchHub {
  readonly #byKey = new Map<string, Set<QueueWatcher>>();

  /** A watch of `keys`; those that end in `/` stand for all keys below. */
  watch(keys: readonly string[]): Watcher {
    const watcher = new QueueWatcher(() => this.#forget(keys, watcher));
    for (const key of keys) {
      const watchers = this.#byKey.get(key);
      if (watchers === undefined) this.#byKey.set(key, new Set([watcher]));
      else watchers.add(watcher);
    }
    return watcher;
  }

  /** Tells all who watch. */
  publish(event: BackendEvent): void {
    const key = event.type === "put" ? event.item.key : event.key;
    const watchers = new Set(this.#byKey.get(key));
    for (let slash = key.indexOf("/"); slash >= 0; slash = key.indexOf("/", slash + 1)) {
      for (const watcher of this.#byKey.get(key.slice(0, slash + 1)) ?? []) watchers.add(watcher);
    }
    for (const watcher of watchers) watcher.push(event);
  }

  /** Ends all watches. */
  close(): void {
    for (const watchers of [...this.#byKey.values()]) {
      for (const watcher of [...watchers]) watcher.close();
    }
  }

  #forget(keys: readonly string[], watcher: QueueWatcher): void {
    for (const key of keys) {
      const watchers = this.#byKey.get(key);
      watchers?.delete(watcher);
      if (watchers?.size === 0) this.#byKey.delete(key);
    }
  }
}

/** A watch that keeps events until its reader comes for them. */
class QueueWatcher implements Watcher, AsyncIterator<BackendEvent> {
  readonly #onClose: () => void;
  #waiting: BackendEvent[] = [];
  /** Index of the next event in `#waiting`: `shift()` would move all others each time. */
  #next = 0;
  #readers: PromiseWithResolvers<IteratorResult<BackendEvent>>[] = [];
  #failure: ToolError | undefined;
  #closed = false;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  push(event: BackendEvent): void {
    if (this.#closed) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader.resolve({ value: event, done: false });
    if (this.#waiting.length - this.#next >= MAX_WAITING_EVENTS) {
      this.#waiting = [];
      this.#next = 0;
      this.#failure = new ToolError("internal", "a watch of the store was read too slowly");
      return this.close();
    }
    this.#waiting.push(event);
  }

  next(): Promise<IteratorResult<BackendEvent>> {
    const event = this.#waiting[this.#next];
    if (event !== undefined) {
      this.#next++;
      if (this.#next === this.#waiting.length) {
        this.#waiting = [];
        this.#next = 0;
      }
      return Promise.resolve({ value: event, done: false });
    }
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    const reader = Promise.withResolvers<IteratorResult<BackendEvent>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  return(): Promise<IteratorResult<BackendEvent>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): AsyncIterator<BackendEvent> {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
