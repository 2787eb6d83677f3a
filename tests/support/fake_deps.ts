import type { Deps } from "../../lib/deps/mod.ts";

/** A clock that a test moves. Both of its faces move together. */
export class FakeClock {
  #nowMs = Date.UTC(2026, 0, 15, 12, 0, 0);
  #monotonicMs = 1_000;

  /** Wall clock. */
  now(): number {
    return this.#nowMs;
  }

  /** Monotonic clock. */
  monotonic(): number {
    return this.#monotonicMs;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }
}

/** Real randomness and a clock that a test moves. */
export function fakeDeps(): Pick<Deps, "random"> & { clock: FakeClock } {
  return {
    clock: new FakeClock(),
    random: {
      bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      uuid: () => crypto.randomUUID(),
    },
  };
}
