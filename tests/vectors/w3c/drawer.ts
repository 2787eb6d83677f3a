import { hkdfSync } from "node:crypto";

/**
 * The vectors' randomness: HKDF-SHA-256 of a fixed seed, with the vector's name as info and the number of the draw as
 * salt.
 */
export class Drawer {
  readonly #info: string;
  #draws = 0;

  constructor(info: string) {
    this.#info = info;
  }

  /** The next `length` bytes. */
  draw(length: number): Uint8Array {
    const salt = new Uint8Array([this.#draws++]);
    return new Uint8Array(hkdfSync("sha256", "WebAuthn test vectors", salt, this.#info, length));
  }
}
