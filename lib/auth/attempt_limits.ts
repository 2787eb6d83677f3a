import type { Deps } from "../deps/mod.ts";
import { limitAddress, limitPair } from "./address.ts";
import type { KnownAddresses } from "./known_addresses.ts";
import type { Rate } from "./limits.ts";
import { RateLimiter } from "./rate_limiter.ts";

/** How often strangers may try. */
export interface AttemptRates {
  perAddress: Rate;
  perNameAndAddress: Rate;
  perName: Rate;
}

/**
 * How often strangers may try to be somebody: by address, by name and address, and by name. All addresses share the attempts
 * for a name, but for those that the name has got in from lately: or else strangers could use up what the person needs. A
 * name that no user has is limited like one that somebody has.
 */
export class AttemptLimits {
  readonly #perAddress: RateLimiter;
  readonly #perNameAndAddress: RateLimiter;
  readonly #perName: RateLimiter;
  readonly #knownAddresses: KnownAddresses;

  /** Limits to `rates`; each remembers at most `maxEntries` names or addresses. */
  constructor(rates: AttemptRates, { maxEntries, knownAddresses, deps }: {
    maxEntries: number;
    knownAddresses: KnownAddresses;
    deps: Pick<Deps, "clock">;
  }) {
    const limiter = (rate: Rate) => new RateLimiter(rate, maxEntries, deps.clock);
    this.#perAddress = limiter(rates.perAddress);
    this.#perNameAndAddress = limiter(rates.perNameAndAddress);
    this.#perName = limiter(rates.perName);
    this.#knownAddresses = knownAddresses;
  }

  /** Counts an attempt in no name from `address`. Throws `limit_exceeded`. */
  takeAddress(address: string): void {
    this.#perAddress.take(limitAddress(address));
  }

  /**
   * Counts an attempt in `name` from `address`. Throws `limit_exceeded`.
   *
   * @returns Whether the name has got in from that address lately.
   */
  async take(name: string, address: string): Promise<boolean> {
    this.takeAddress(address);
    this.#perNameAndAddress.take(limitPair(name, address));
    const isKnown = await this.#knownAddresses.has(name, address);
    if (!isKnown) this.#perName.take(name);
    return isKnown;
  }
}
