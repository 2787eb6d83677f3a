import { ToolError } from "../../errors/mod.ts";
import { limitAddress } from "../address.ts";
import type { AuthLimits } from "../limits.ts";

/** What the waiting room is bounded by. */
export type WaitingLimits = Pick<
  AuthLimits,
  "waitingPerAddress" | "waitingPerName" | "waitingTotal"
>;

/**
 * Who may wait at the same time, in this process: so many from one address, for one name (known or not), and in all; and one only
 * with each id.
 */
export class WaitingRoom {
  readonly #limits: WaitingLimits;
  readonly #keys = new Set<string>();
  readonly #names = new Map<string, number>();
  readonly #addresses = new Map<string, number>();

  /** A room for so many. */
  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  /** How many wait. */
  get size(): number {
    return this.#keys.size;
  }

  /**
   * Takes a place for the request `key`. `undefined` when somebody waits with it already.
   *
   * @returns How to give the place back; once is enough.
   * @throws {ToolError} `limit_exceeded` when too many wait.
   */
  enter(key: string, name: string, clientAddress: string): (() => void) | undefined {
    if (this.#keys.has(key)) return undefined;
    const address = limitAddress(clientAddress);
    if (
      this.#keys.size >= this.#limits.waitingTotal ||
      (this.#names.get(name) ?? 0) >= this.#limits.waitingPerName ||
      (this.#addresses.get(address) ?? 0) >= this.#limits.waitingPerAddress
    ) {
      throw new ToolError(
        "limit_exceeded",
        "too many headless logins are waiting, try again later",
        {
          retryAfterSeconds: 60,
        },
      );
    }
    this.#keys.add(key);
    add(this.#names, name, 1);
    add(this.#addresses, address, 1);
    return () => {
      if (!this.#keys.delete(key)) return;
      add(this.#names, name, -1);
      add(this.#addresses, address, -1);
    };
  }
}

function add(counts: Map<string, number>, name: string, difference: number): void {
  const count = (counts.get(name) ?? 0) + difference;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
