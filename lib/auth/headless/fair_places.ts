/** Somebody who holds a place. */
export interface Guest {
  /** Where the guest is from, as limits count addresses. */
  address: string;
  /** Whether the guest is probably no stranger: then strangers do not take the place. */
  isKnown: boolean;
}

/**
 * A number of places that one address cannot keep for itself. When all are taken, a newcomer from an address with fewer
 * guests takes the place of the oldest guest of the address with most; strangers go before those who are known.
 */
export class FairPlaces<G extends Guest> {
  readonly #capacity: number;
  /** Address → its guests, oldest first, and who came as the how-manieth. */
  readonly #byAddress = new Map<string, Map<G, number>>();
  /** Guests who stay, whoever comes. */
  readonly #kept = new Set<G>();
  #size = 0;
  #arrivals = 0;

  /** So many places. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many places are taken. */
  get size(): number {
    return this.#size;
  }

  /** Whether no place is free. */
  get isFull(): boolean {
    return this.#size >= this.#capacity;
  }

  /** Takes a place, also when there is none left: that is the caller's to look after. */
  add(guest: G): void {
    this.#size++;
    const guests = this.#byAddress.get(guest.address) ?? new Map<G, number>();
    guests.set(guest, this.#arrivals++);
    this.#byAddress.set(guest.address, guests);
  }

  /** Makes a guest one who stays. */
  keep(guest: G): void {
    if (this.#forget(guest)) this.#kept.add(guest);
  }

  /** Gives the place back. */
  remove(guest: G): void {
    if (this.#kept.delete(guest) || this.#forget(guest)) this.#size--;
  }

  /** Who has to go for `newcomer`; `undefined` when nobody has to. */
  whoGoesFor(newcomer: Guest): G | undefined {
    const own = this.#byAddress.get(newcomer.address)?.size ?? 0;
    let found: Candidate<G> | undefined;
    for (const [address, guests] of this.#byAddress) {
      if (address === newcomer.address) continue;
      const [guest, arrival] = oldestOf(guests);
      const candidate = { guest, arrival, count: guests.size };
      if (guest.isKnown && !newcomer.isKnown) continue;
      // Who is known need not come from an address with fewer guests than strangers do.
      if (guests.size <= own && guest.isKnown === newcomer.isKnown) continue;
      if (found === undefined || goesBefore(candidate, found)) found = candidate;
    }
    return found?.guest;
  }

  #forget(guest: G): boolean {
    const guests = this.#byAddress.get(guest.address);
    if (guests?.delete(guest) !== true) return false;
    if (guests.size === 0) this.#byAddress.delete(guest.address);
    return true;
  }
}

/** Who may have to go. */
interface Candidate<G> {
  guest: G;
  /** Came as the how-manieth. */
  arrival: number;
  /** How many come from the same address. */
  count: number;
}

/** Strangers before those who are known; then those from the address with most; then who came first. */
function goesBefore(one: Candidate<Guest>, other: Candidate<Guest>): boolean {
  if (one.guest.isKnown !== other.guest.isKnown) return other.guest.isKnown;
  if (one.count !== other.count) return one.count > other.count;
  return one.arrival < other.arrival;
}

/** The stranger, or else the one who is known, who came first. There is somebody. */
function oldestOf<G extends Guest>(guests: ReadonlyMap<G, number>): [G, number] {
  let oldest: [G, number] | undefined;
  for (const entry of guests) {
    if (!entry[0].isKnown) return entry;
    oldest ??= entry;
  }
  return oldest!;
}
