import type { Deps } from "../../deps/mod.ts";

/** How exactly deadlines are kept, in milliseconds. */
const TICK_MS = 100;

/** Something that is to happen later. */
export interface Deadline {
  /** Makes it not happen. Safe to call twice, and afterwards. */
  cancel(): void;
}

interface Entry {
  dueMs: number;
  run: () => void;
}

/**
 * Many deadlines on one timer. Those with the same delay fall due in the order in which they were set, so each tick looks only at
 * the first of each delay: ten thousand that wait cost nothing. Time is the monotonic clock's. The timer runs only while
 * something waits.
 */
export class Deadlines implements Disposable {
  readonly #clock: Deps["clock"];
  /** Delay → its deadlines, in order. */
  readonly #byDelay = new Map<number, Set<Entry>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Deadlines on `clock`. */
  constructor(clock: Deps["clock"]) {
    this.#clock = clock;
  }

  /** Runs `run` after `delayMs`. Few different delays should be in use. */
  set(delayMs: number, run: () => void): Deadline {
    const entry: Entry = { dueMs: this.#clock.monotonic() + delayMs, run };
    const entries = this.#byDelay.get(delayMs);
    if (entries === undefined) this.#byDelay.set(delayMs, new Set([entry]));
    else entries.add(entry);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    return { cancel: () => this.#remove(delayMs, entry) };
  }

  /** Resolves after `delayMs`, or at once when `signal` aborts. */
  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = this.set(delayMs, resolve);
    const onAbort = () => resolve();
    signal?.addEventListener("abort", onAbort);
    await promise;
    signal?.removeEventListener("abort", onAbort);
    deadline.cancel();
  }

  /** Forgets all deadlines; those who sleep go on at once. */
  [Symbol.dispose](): void {
    const entries = [...this.#byDelay.values()].flatMap((set) => [...set]);
    this.#byDelay.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const entry of entries) entry.run();
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    for (const [delayMs, entries] of this.#byDelay) {
      for (const entry of entries) {
        if (entry.dueMs > now) break;
        this.#remove(delayMs, entry);
        entry.run();
      }
    }
  }

  #remove(delayMs: number, entry: Entry): void {
    const entries = this.#byDelay.get(delayMs);
    if (!entries?.delete(entry) || entries.size > 0) return;
    this.#byDelay.delete(delayMs);
    if (this.#byDelay.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
