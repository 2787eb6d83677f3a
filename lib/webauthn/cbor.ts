/**
 * A strict reader for the CBOR of authenticators: the CTAP2 canonical form (CTAP 2.1 §8), which is RFC 8949 with definite
 * lengths, shortest integers, no tags and little nesting.
 *
 * The library that verifies signatures has its own reader, which takes a byte string that is cut off for a shorter one.
 * So everything is read here first, and the library sees only what is well formed.
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";

/** A CBOR map; authenticators use integers and strings as keys. */
export type CborMap = ReadonlyMap<number | string, CborValue>;

/** What the reader gives. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | Uint8Array
  | CborValue[]
  | CborMap;

/** Deepest nesting of arrays and maps. An attestation object has 3: object, statement, certificates. */
const MAX_DEPTH = 8;

/** A value and the offset of the first byte after it. */
export interface CborItem {
  value: CborValue;
  end: number;
}

/**
 * Reads the one item that `bytes` must be.
 *
 * @throws {ToolError} `bad_parameter` when it is cut off, followed by more, or not canonical.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const { value, end } = decodeCborItem(bytes, 0);
  if (end !== bytes.length) throw malformed(`${bytes.length - end} bytes after its end`);
  return value;
}

/**
 * Reads the item that begins at `offset`.
 *
 * @throws {ToolError} `bad_parameter` when it is cut off or not canonical.
 */
export function decodeCborItem(bytes: Uint8Array, offset: number): CborItem {
  const reader = new Reader(bytes, offset);
  const value = reader.item(0);
  return { value, end: reader.offset };
}

function malformed(what: string): ToolError {
  return new ToolError("bad_parameter", `malformed CBOR: ${what}`);
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  item(depth: number): CborValue {
    if (depth > MAX_DEPTH) throw malformed("nested too deeply");
    const initial = this.#bytes[this.#take(1)] as number;
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (major === 7) return simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#raw(argument).slice();
      case 3:
        return text(this.#raw(argument));
      case 4:
        return this.#array(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        throw malformed("a tag");
    }
  }

  /** Moves on by `length` bytes; gives the offset before. */
  #take(length: number): number {
    if (length > this.#bytes.length - this.offset) throw malformed("cut off");
    const start = this.offset;
    this.offset += length;
    return start;
  }

  /** The number that follows the initial byte (RFC 8949 §3), which must be in its shortest form. */
  #argument(info: number): number {
    if (info < 24) return info;
    let value: number;
    if (info === 24) value = this.#view.getUint8(this.#take(1));
    else if (info === 25) value = this.#view.getUint16(this.#take(2));
    else if (info === 26) value = this.#view.getUint32(this.#take(4));
    else if (info === 27) {
      const wide = this.#view.getBigUint64(this.#take(8));
      if (wide >= BigInt(Number.MAX_SAFE_INTEGER)) throw malformed("a number beyond 2^53");
      value = Number(wide);
    } else throw malformed("an indefinite length");
    const least = info === 24 ? 24 : 2 ** (8 * 2 ** (info - 25));
    if (value < least) throw malformed("a number not in its shortest form");
    return value;
  }

  #raw(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #array(length: number, depth: number): CborValue[] {
    this.#expectAtLeast(length);
    const items: CborValue[] = [];
    for (let index = 0; index < length; index++) items.push(this.item(depth + 1));
    return items;
  }

  #map(length: number, depth: number): CborMap {
    this.#expectAtLeast(2 * length);
    const map = new Map<number | string, CborValue>();
    for (let index = 0; index < length; index++) {
      const key = this.item(depth + 1);
      if (typeof key !== "number" && typeof key !== "string") {
        throw malformed("a map key that is neither integer nor text");
      }
      if (map.has(key)) throw malformed("a map key twice");
      map.set(key, this.item(depth + 1));
    }
    return map;
  }

  /** Every item has at least one byte: a longer announced length is refused before anything is made of it. */
  #expectAtLeast(items: number): void {
    if (items > this.#bytes.length - this.offset) throw malformed("cut off");
  }
}

/** RFC 8949 §3.3. Floats are refused: nothing that is read here has one. */
function simple(info: number): boolean | null | undefined {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
      return null;
    case 23:
      return undefined;
    default:
      throw malformed("a simple value or float that is not used here");
  }
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ToolError("bad_parameter", "malformed CBOR: text that is not UTF-8", { cause });
  }
}
