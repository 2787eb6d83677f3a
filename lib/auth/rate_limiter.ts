import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import type { Rate } from "./limits.ts";

/**
 * A token bucket per name, kept as one number: the time at which the bucket will be full again (GCRA). A bucket that is
 * full again need not be kept; when there are too many others, the one used longest ago is forgotten.
 */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #maxEntries: number;
  readonly #clock: Deps["clock"];
  /** Name → monotonic time at which its bucket is full; least recently used first. */
  readonly #fullAt = new Map<string, number>();

  /** Limits each name to `rate`, remembering at most `maxEntries` names. */
  constructor(rate: Rate, maxEntries: number, clock: Deps["clock"]) {
    this.#rate = rate;
    this.#maxEntries = maxEntries;
    this.#clock = clock;
  }

  /** Number of names remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one token of `name`. Throws `limit_exceeded`, with the seconds to wait, when there is none. */
  take(name: string): void {
    const now = this.#clock.monotonic();
    const { burst, refillMs } = this.#rate;
    const fullAt = Math.max(this.#fullAt.get(name) ?? 0, now);
    const waitMs = fullAt + refillMs - (now + burst * refillMs);
    // Refused attempts count as use, too: a name under attack must not be the one that is forgotten.
    this.#fullAt.delete(name);
    this.#fullAt.set(name, waitMs > 0 ? fullAt : fullAt + refillMs);
    if (waitMs > 0) throw tooMany(waitMs);
    if (this.#fullAt.size > this.#maxEntries) this.#forget(now);
  }

  #forget(now: number): void {
    for (const [name, fullAt] of this.#fullAt) {
      if (this.#fullAt.size <= this.#maxEntries && fullAt > now) return;
      this.#fullAt.delete(name);
    }
  }
}

/** The one error for everyone who has had too much, known or not. */
export function tooMany(waitMs: number): ToolError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ToolError(
    "limit_exceeded",
    `too many attempts, try again in ${seconds} second${seconds === 1 ? "" : "s"}`,
    { retryAfterSeconds: seconds },
  );
}
