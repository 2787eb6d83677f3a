/**
 * Data types of the SSH protocols (RFC 4251 §5): byte, uint32, uint64, string and mpint.
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";

/** Appends values in SSH's form. */
export class SshWriter {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** One byte. */
  byte(value: number): this {
    return this.raw(Uint8Array.of(value));
  }

  /** Four bytes, big end first. */
  uint32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.raw(bytes);
  }

  /** Eight bytes, big end first. */
  uint64(value: bigint): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value);
    return this.raw(bytes);
  }

  /** uint32 length | bytes. Text goes as UTF-8. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return this.uint32(bytes.length).raw(bytes);
  }

  /** A non-negative integer given as big-endian bytes: as a string without leading zeros, with one where the sign bit is set. */
  mpint(magnitude: Uint8Array): this {
    let at = 0;
    while (at < magnitude.length && magnitude[at] === 0) at++;
    const digits = magnitude.subarray(at);
    if (digits.length === 0 || digits[0]! < 0x80) return this.string(digits);
    return this.uint32(digits.length + 1).byte(0).raw(digits);
  }

  /** All that was written, in one piece. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/**
 * Reads values in SSH's form. A length is never believed: what lies past the end of the bytes is an error.
 *
 * All methods throw `bad_parameter` when the bytes end too early or are not of the type asked for.
 */
export class SshReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes What to read.
   * @param what Its name in error messages: `SSH certificate`.
   */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** How many bytes have been read. */
  get position(): number {
    return this.#at;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next `length` bytes, as a view. */
  raw(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) this.fail("ends too early");
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  /** Four bytes, big end first. */
  uint32(): number {
    const bytes = this.raw(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  }

  /** Eight bytes, big end first. */
  uint64(): bigint {
    const bytes = this.raw(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  }

  /** uint32 length | bytes, as a view. */
  string(): Uint8Array {
    return this.raw(this.uint32());
  }

  /** A string that must be UTF-8. */
  text(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.string());
    } catch (error) {
      if (error instanceof ToolError) throw error;
      this.fail("has text that is not UTF-8");
    }
  }

  /** A non-negative integer in its shortest form, as big-endian bytes without the sign's zero. */
  mpint(): Uint8Array {
    const bytes = this.string();
    if (bytes.length === 0) return bytes;
    if (bytes[0]! >= 0x80) this.fail("has a negative number");
    if (bytes[0] !== 0) return bytes;
    if (bytes.length === 1 || bytes[1]! < 0x80) this.fail("has a number with needless zeros");
    return bytes.subarray(1);
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (!this.done) this.fail("has bytes after its end");
  }

  /** Throws `bad_parameter`: `<what> <problem>`. */
  fail(problem: string): never {
    throw new ToolError("bad_parameter", `${this.#what} ${problem}`);
  }
}
