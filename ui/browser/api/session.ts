import type { Clock } from "../platform.ts";

/** The half of a web session that scripts hold; the other half is a cookie that they cannot read. */
export interface Session {
  token: string;
  /** By this device's clock, milliseconds since the Unix epoch. */
  expiresAtMs: number;
}

/** The part of `Storage` that is used. */
export type KeyValueStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const KEY = "latchkey.session";

/** Keeps the session across pages and tabs; a browser that keeps nothing makes each page sign in again. */
export class SessionStore {
  readonly #storage: KeyValueStore;
  readonly #clock: Clock;

  constructor(storage: KeyValueStore, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** The session, unless there is none or its time has come. */
  load(): Session | undefined {
    try {
      const value: unknown = JSON.parse(this.#storage.getItem(KEY) ?? "null");
      if (typeof value !== "object" || value === null) return undefined;
      const { token, expiresAtMs } = value as Record<string, unknown>;
      if (typeof token !== "string" || typeof expiresAtMs !== "number") return undefined;
      return expiresAtMs > this.#clock.now() ? { token, expiresAtMs } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether there is, or was, a session: one that has ended is still here until it is forgotten. */
  held(): boolean {
    return this.#storage.getItem(KEY) !== null;
  }

  /** Keeps a new session, good for `expiresInSeconds` from now. */
  save(token: string, expiresInSeconds: number): void {
    const session: Session = { token, expiresAtMs: this.#clock.now() + expiresInSeconds * 1000 };
    this.#storage.setItem(KEY, JSON.stringify(session));
  }

  /** Forgets the session. */
  clear(): void {
    this.#storage.removeItem(KEY);
  }
}
