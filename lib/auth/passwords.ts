/**
 * Passwords: what is accepted, and how they are kept. They are compared in Unicode normal form C, so that a person may
 * type `é` on any keyboard.
 *
 * scrypt (RFC 7914) with N=2^15, r=8, p=3: 32 MiB and about a quarter of a second, the strength that OWASP's Password
 * Storage Cheat Sheet asks of scrypt, with the least memory. (Deno's node:crypto has no argon2.) What is stored says its
 * own cost, so the numbers can grow without locking anyone out:
 *
 *     $scrypt$ln=15,r=8,p=3$<salt, base64url>$<hash, base64url>
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { scrypt, timingSafeEqual } from "node:crypto";
import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";

/** Shortest password, in characters: Teleport's since version 14.3 (6 before). */
export const MIN_PASSWORD_LENGTH = 12;
/** Longest password, in bytes of UTF-8, as in Teleport. */
export const MAX_PASSWORD_BYTES = 128;

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Cost of scrypt. */
export interface PasswordCost {
  /** Binary logarithm of N. */
  ln: number;
  /** Block size. */
  r: number;
  /** Parallelisation: how often the memory is gone through. */
  p: number;
}

/** Cost of new hashes. */
export const PASSWORD_COST: Readonly<PasswordCost> = { ln: 15, r: 8, p: 3 };

/** Throws `bad_parameter` when `password` is too short or too long. */
export function checkPassword(password: string): void {
  const normal = password.normalize("NFC");
  if (Array.from(normal).length < MIN_PASSWORD_LENGTH) {
    throw new ToolError(
      "bad_parameter",
      `password is too short: expected at least ${MIN_PASSWORD_LENGTH} characters`,
    );
  }
  if (new TextEncoder().encode(normal).length > MAX_PASSWORD_BYTES) {
    throw new ToolError(
      "bad_parameter",
      `password is too long: expected at most ${MAX_PASSWORD_BYTES} bytes`,
    );
  }
}

/** A hash that waits for its turn. */
interface Waiting {
  isPreferred: boolean;
  begin: () => void;
  giveUp: (reason: ToolError) => void;
}

/** Hashes passwords, a few at a time, so that a flood of sign-ins cannot eat the memory. */
export class PasswordHasher {
  readonly #random: Deps["random"];
  readonly #cost: PasswordCost;
  readonly #concurrency: number;
  readonly #maxQueue: number;
  #running = 0;
  /** The next one first: those that are preferred before all others. */
  readonly #waiting: Waiting[] = [];
  /** Compared with when there is no such user or password. No password has this hash, but for a guess of 256 bits. */
  readonly #decoy: string;

  /** `concurrency` hashes at once; `maxQueue` more wait, and others are turned away. */
  constructor(
    deps: Pick<Deps, "random">,
    options: { concurrency: number; maxQueue: number; cost?: PasswordCost },
  ) {
    this.#random = deps.random;
    this.#cost = options.cost ?? PASSWORD_COST;
    this.#concurrency = options.concurrency;
    this.#maxQueue = options.maxQueue;
    this.#decoy = format(
      this.#cost,
      deps.random.bytes(SALT_BYTES),
      deps.random.bytes(HASH_BYTES),
    );
  }

  /** The line to store for `password`, which only who is invited or signed in may ask for. Throws `limit_exceeded` when too many wait. */
  async hash(password: string): Promise<string> {
    const salt = this.#random.bytes(SALT_BYTES);
    return format(
      this.#cost,
      salt,
      await this.#derive(password, { salt, cost: this.#cost, isPreferred: true }),
    );
  }

  /**
   * Whether `password` is the one of `stored`. Without `stored` (no such user, or one without a password) the answer is
   * no, after the same work. Throws `limit_exceeded` when too many wait.
   *
   * @param options.isPreferred Goes before all others that wait, and takes the place of one if need be: for those who are
   * probably no strangers, so that strangers' guesses do not keep them out.
   */
  async verify(
    password: string,
    stored: string | undefined,
    { isPreferred = false }: { isPreferred?: boolean } = {},
  ): Promise<boolean> {
    const { cost, salt, hash } = parse(stored ?? this.#decoy);
    const derived = await this.#derive(password, { salt, cost, isPreferred });
    return timingSafeEqual(derived, hash) && stored !== undefined;
  }

  async #derive(
    password: string,
    { salt, cost, isPreferred }: { salt: Uint8Array; cost: PasswordCost; isPreferred: boolean },
  ): Promise<Uint8Array> {
    const bytes = Buffer.from(normalized(password), "utf8");
    await this.#enter(isPreferred);
    try {
      const N = 2 ** cost.ln;
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      scrypt(
        bytes,
        salt,
        HASH_BYTES,
        { N, r: cost.r, p: cost.p, maxmem: 256 * N * cost.r },
        (error, key) => error ? reject(error) : resolve(key),
      );
      return await promise;
    } finally {
      this.#leave();
    }
  }

  async #enter(isPreferred: boolean): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#maxQueue) {
      if (!isPreferred || this.#waiting.at(-1)?.isPreferred !== false) throw tooManyAtOnce();
      this.#waiting.pop()?.giveUp(tooManyAtOnce());
    }
    // Whoever leaves hands its place on, so `#running` stays as it is.
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const firstOther = isPreferred ? this.#waiting.findIndex((one) => !one.isPreferred) : -1;
    const index = firstOther < 0 ? this.#waiting.length : firstOther;
    this.#waiting.splice(index, 0, { isPreferred, begin: resolve, giveUp: reject });
    await promise;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next.begin();
  }
}

function tooManyAtOnce(): ToolError {
  return new ToolError("limit_exceeded", "too many sign-ins at this moment, try again", {
    retryAfterSeconds: 5,
  });
}

/**
 * The form that is hashed. What is too long cannot be right and must not cost more than another: it counts as the empty
 * password, which nobody has. (NFC makes nothing more than three times shorter, Unicode Standard Annex #15 §3.)
 */
function normalized(password: string): string {
  if (password.length > 4 * MAX_PASSWORD_BYTES) return "";
  const normal = password.normalize("NFC");
  return Buffer.byteLength(normal, "utf8") > MAX_PASSWORD_BYTES ? "" : normal;
}

function format(cost: PasswordCost, salt: Uint8Array, hash: Uint8Array): string {
  const text = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${text(salt)}$${text(hash)}`;
}

function parse(stored: string): { cost: PasswordCost; salt: Uint8Array; hash: Uint8Array } {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]{43})$/.exec(
    stored,
  );
  if (match === null) throw new ToolError("internal", "stored password hash is damaged");
  const [, ln, r, p, salt, hash] = match;
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Uint8Array.fromBase64(salt!, { alphabet: "base64url" }),
    hash: Uint8Array.fromBase64(hash!, { alphabet: "base64url" }),
  };
}
