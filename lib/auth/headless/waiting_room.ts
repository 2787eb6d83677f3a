import { ToolError } from "../../errors/mod.ts";
import { limitAddress } from "../address.ts";
import type { AuthLimits } from "../limits.ts";
import { FairPlaces } from "./fair_places.ts";

/** What the waiting room is bounded by. */
export type WaitingLimits = Pick<
  AuthLimits,
  "waitingPerAddress" | "waitingPerName" | "waitingTotal"
>;

/** Who wants to wait. */
export interface Newcomer {
  /** The request; one waits with each. */
  key: string;
  /** For whom the request is, known or not. */
  name: string;
  /** Where the command is. */
  address: string;
  /** Whether the name has got in from that address lately. */
  isKnown: boolean;
}

/** A place in the waiting room. */
export interface Place {
  /** Called when somebody else takes the place; it is gone by then. For the one who waits to set. */
  onEvicted: () => void;
  /** From now on nobody else takes the place: a person has seen the request. */
  keep(): void;
  /** Gives the place back; once is enough. */
  leave(): void;
}

interface Guest extends Newcomer {
  names: FairPlaces<Guest>;
  place: Place;
}

/**
 * Who may wait at the same time, in this process: so many from one address, for one name (known or not), and in all; and one only
 * with each id. Where the places for a name, or all places, are taken, an address with many makes room for one with fewer
 * ({@linkcode FairPlaces}): a few strangers can fill the room, but they keep nobody out.
 */
export class WaitingRoom {
  readonly #limits: WaitingLimits;
  readonly #guests = new Map<string, Guest>();
  readonly #all: FairPlaces<Guest>;
  readonly #names = new Map<string, FairPlaces<Guest>>();
  readonly #addresses = new Map<string, number>();

  /** A room for so many. */
  constructor(limits: WaitingLimits) {
    this.#limits = limits;
    this.#all = new FairPlaces(limits.waitingTotal);
  }

  /** How many wait. */
  get size(): number {
    return this.#guests.size;
  }

  /**
   * Takes a place. `undefined` when somebody waits with the same request already.
   *
   * @throws {ToolError} `limit_exceeded` when too many wait, and none of them has to make room.
   */
  enter(newcomer: Newcomer): Place | undefined {
    if (this.#guests.has(newcomer.key)) return undefined;
    const address = limitAddress(newcomer.address);
    const names = this.#names.get(newcomer.name) ?? new FairPlaces(this.#limits.waitingPerName);
    const place: Place = {
      onEvicted: () => {},
      keep: () => [this.#all, names].forEach((places) => places.keep(guest)),
      leave: () => this.#remove(guest),
    };
    const guest: Guest = { ...newcomer, address, names, place };
    if ((this.#addresses.get(address) ?? 0) >= this.#limits.waitingPerAddress) throw roomIsFull();
    // All that has to go is known before anybody goes.
    const ofName = names.isFull ? names.whoGoesFor(guest) : undefined;
    if (names.isFull && ofName === undefined) throw roomIsFull();
    const ofAll = this.#all.isFull && ofName === undefined
      ? this.#all.whoGoesFor(guest)
      : undefined;
    if (this.#all.isFull && ofName === undefined && ofAll === undefined) throw roomIsFull();
    this.#evict(ofName ?? ofAll);
    this.#admit(guest);
    return place;
  }

  #admit(guest: Guest): void {
    const { key, name, address, names } = guest;
    this.#guests.set(key, guest);
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
    this.#all.add(guest);
    names.add(guest);
    this.#names.set(name, names);
  }

  #evict(guest: Guest | undefined): void {
    if (guest === undefined) return;
    this.#remove(guest);
    guest.place.onEvicted();
  }

  #remove(guest: Guest): void {
    const { key, name, address, names } = guest;
    if (this.#guests.get(key) !== guest) return;
    this.#guests.delete(key);
    const left = this.#addresses.get(address)! - 1;
    if (left === 0) this.#addresses.delete(address);
    else this.#addresses.set(address, left);
    this.#all.remove(guest);
    names.remove(guest);
    if (names.size === 0) this.#names.delete(name);
  }
}

/** The one refusal of who may not wait, or not any more. */
export function roomIsFull(): ToolError {
  return new ToolError("limit_exceeded", "too many headless logins are waiting, try again later", {
    retryAfterSeconds: 60,
  });
}
