/**
 * How many connections there may be at the same time, in all and from one address.
 *
 * @module
 */

/** Counts connections; {@linkcode ConnectionCaps.admit} says whether one more may be. */
export class ConnectionCaps {
  readonly #total: number;
  readonly #perGroup: number;
  readonly #groups = new Map<string, number>();
  #open = 0;

  /** @param caps Most connections, in all and of one group of addresses. */
  constructor(caps: { total: number; perGroup: number }) {
    this.#total = caps.total;
    this.#perGroup = caps.perGroup;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#open;
  }

  /**
   * Counts one more connection, if there may be one more.
   *
   * @param group What the address counts as; `undefined` for one that only counts towards the total.
   * @returns To be called once, when the connection has ended; `undefined` when there may not be one more.
   */
  admit(group: string | undefined): (() => void) | undefined {
    if (this.#open >= this.#total) return undefined;
    const inGroup = group === undefined ? 0 : this.#groups.get(group) ?? 0;
    if (inGroup >= this.#perGroup) return undefined;
    this.#open++;
    if (group !== undefined) this.#groups.set(group, inGroup + 1);
    return () => {
      this.#open--;
      if (group !== undefined) this.#leave(group);
    };
  }

  #leave(group: string): void {
    const left = this.#groups.get(group)! - 1;
    if (left === 0) this.#groups.delete(group);
    else this.#groups.set(group, left);
  }
}

/**
 * What an address counts as: an IPv4 address as itself, an IPv6 address as its /64, which is what one household or
 * machine is given (RFC 6177 §2).
 *
 * @param address As `normalizeAddress` gives it.
 */
export function addressGroup(address: string): string {
  if (!address.includes(":")) return address;
  const [head, tail] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const groups = [...head!];
  if (tail !== undefined) {
    // An IPv4 tail stands for two groups.
    const tailGroups = tail.length + (tail.at(-1)?.includes(".") ? 1 : 0);
    while (groups.length < 8 - tailGroups) groups.push("0");
    groups.push(...tail);
  }
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":") + "::/64";
}
