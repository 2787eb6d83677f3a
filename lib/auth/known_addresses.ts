import { z } from "zod";
import type { Backend } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError } from "../errors/mod.ts";
import { limitPair } from "./address.ts";
import { KNOWN_ADDRESS_TTL_MS } from "./limits.ts";
import { Records } from "./records.ts";
import { knownAddressesPrefix, knownAddressKey, secretHash, userKey } from "./store_keys.ts";

/** Written again at most this often: a sign-in a minute must not be a write each time. */
const TOUCH_EVERY_MS = 60 * 60 * 1000;

/** What this memory needs. */
export interface KnownAddressesContext {
  backend: Backend;
  /** Addresses remembered of one user; one more, and that used longest ago is forgotten. */
  maxPerUser: number;
  deps: Pick<Deps, "clock">;
}

/**
 * From where each user has got in lately. Strangers who use up a name's attempts must not keep out the person who has it, and
 * whoever comes from here is probably that person.
 *
 * Nothing is remembered of a name that no user has, so nobody learns from it who is a user, but for those who share an
 * address with one. What is kept is a hash of name and address, an IPv6 address by its /64 (see `limitAddress`).
 */
export class KnownAddresses {
  readonly #backend: Backend;
  readonly #maxPerUser: number;
  readonly #clock: Deps["clock"];
  readonly #records: Records<{ usedMs: number }>;

  /** Addresses kept in the context's backend. */
  constructor({ backend, maxPerUser, deps }: KnownAddressesContext) {
    this.#backend = backend;
    this.#maxPerUser = maxPerUser;
    this.#clock = deps.clock;
    this.#records = new Records(backend, "known address", z.object({ usedMs: z.number() }));
  }

  /** Whether `user` has got in from `address` lately. */
  async has(user: string, address: string): Promise<boolean> {
    return await this.#records.find(keyOf(user, address)) !== undefined;
  }

  /** Remembers that `user` has just got in from `address`; nothing when there is no such user any more. */
  async add(user: string, address: string): Promise<void> {
    const now = this.#clock.now();
    const key = keyOf(user, address);
    const all = await this.#records.list(knownAddressesPrefix(user));
    const known = all.find(({ item }) => item.key === key);
    if (known !== undefined && now - known.value.usedMs < TOUCH_EVERY_MS) return;
    const surplus = all.filter((found) => found !== known)
      .sort((a, b) => b.value.usedMs - a.value.usedMs).slice(this.#maxPerUser - 1);
    try {
      await this.#backend.atomicWrite([{ key: userKey(user), exists: true }], [
        { put: this.#records.encode(key, { usedMs: now }, now + KNOWN_ADDRESS_TTL_MS) },
        ...surplus.map(({ item }) => ({ delete: item.key })),
      ]);
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
    }
  }
}

function keyOf(user: string, address: string): string {
  return knownAddressKey(user, secretHash(limitPair(user, address)));
}
