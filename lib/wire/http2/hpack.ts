/**
 * HPACK, the compression of HTTP/2's headers (RFC 7541).
 *
 * The decoder does all of it, because peers use all of it. The encoder uses the static table and plain literals only: it
 * keeps no state that could go wrong, and a gRPC call has a handful of short headers.
 *
 * @module
 */

import { ConnectionError, ErrorCode } from "./frames.ts";
import { type Header, STATIC_TABLE } from "./hpack_table.ts";
import { decodeHuffman } from "./huffman.ts";

/** What an entry costs beside its name and value (RFC 7541 §4.1, RFC 9113 §10.5.1). */
const ENTRY_OVERHEAD_BYTES = 32;

/** Largest integer that is read; nothing that fits in a header block needs more. */
const MAX_INTEGER = 2 ** 24;

/** Names whose values must never be put into a table by anyone on the way (RFC 7541 §7.1.3). */
const SENSITIVE = new Set(["authorization", "cookie", "set-cookie"]);

/** First static index of each name, and index of each name and value. */
const STATIC_NAMES = new Map<string, number>();
const STATIC_HEADERS = new Map<string, number>();
for (const [i, [name, value]] of STATIC_TABLE.entries()) {
  if (!STATIC_NAMES.has(name)) STATIC_NAMES.set(name, i + 1);
  STATIC_HEADERS.set(`${name}\0${value}`, i + 1);
}

/** A header block. Names must be in lower case and, as values, of characters below U+0100. */
export function encodeHeaders(headers: readonly Header[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of headers) {
    const whole = STATIC_HEADERS.get(`${name}\0${value}`);
    if (whole !== undefined) {
      writeInteger(bytes, { prefixBits: 7, first: 0x80, value: whole });
      continue;
    }
    const first = SENSITIVE.has(name) ? 0x10 : 0x00;
    const index = STATIC_NAMES.get(name) ?? 0;
    writeInteger(bytes, { prefixBits: 4, first, value: index });
    if (index === 0) writeString(bytes, name);
    writeString(bytes, value);
  }
  return Uint8Array.from(bytes);
}

/** An integer with a prefix of some bits (RFC 7541 §5.1). */
function writeInteger(
  into: number[],
  { prefixBits, first, value }: { prefixBits: number; first: number; value: number },
): void {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) {
    into.push(first | value);
    return;
  }
  into.push(first | limit);
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) into.push((rest % 128) | 128);
  into.push(rest);
}

function writeString(into: number[], text: string): void {
  writeInteger(into, { prefixBits: 7, first: 0, value: text.length });
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new TypeError("header with a character beyond U+00FF");
    into.push(code);
  }
}

/** Bounds of what a decoder takes. */
export interface HeaderDecoderOptions {
  /** Most bytes of the table of headers that the peer may refer to again: our SETTINGS_HEADER_TABLE_SIZE. */
  maxTableBytes: number;
  /** Most bytes of one list of headers, each with 32 more: our SETTINGS_MAX_HEADER_LIST_SIZE. */
  maxListBytes: number;
}

/** Reads the header blocks of one connection, in their order. */
export class HeaderDecoder {
  readonly #options: HeaderDecoderOptions;
  /** Newest first. */
  readonly #table: Header[] = [];
  #tableBytes = 0;
  #maxTableBytes: number;

  /** Starts with an empty table. */
  constructor(options: HeaderDecoderOptions) {
    this.#options = options;
    this.#maxTableBytes = options.maxTableBytes;
  }

  /**
   * The headers of a block.
   *
   * @throws {ConnectionError} COMPRESSION_ERROR when it is malformed, ENHANCE_YOUR_CALM when it is too long. The table is
   * then no longer the peer's, so the connection has to end.
   */
  decode(block: Uint8Array): Header[] {
    const cursor = new Cursor(block);
    const headers: Header[] = [];
    let listBytes = 0;
    while (!cursor.done) {
      const header = this.#readField(cursor, headers.length === 0);
      if (header === undefined) continue;
      listBytes += sizeOf(header);
      if (listBytes > this.#options.maxListBytes) {
        throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too many headers");
      }
      headers.push(header);
    }
    return headers;
  }

  /** One representation (RFC 7541 §6); `undefined` when it changes the table's size. */
  #readField(cursor: Cursor, first: boolean): Header | undefined {
    const byte = cursor.peek();
    if (byte >= 0x80) return this.#entry(cursor.integer(7));
    if (byte >= 0x40) {
      const header = this.#readLiteral(cursor, 6);
      this.#insert(header);
      return header;
    }
    if (byte < 0x20) return this.#readLiteral(cursor, 4);
    // A change of the table's size stands at the beginning of a block (RFC 7541 §4.2).
    if (!first) malformed();
    const size = cursor.integer(5);
    if (size > this.#options.maxTableBytes) malformed();
    this.#maxTableBytes = size;
    this.#evict(0);
    return undefined;
  }

  #readLiteral(cursor: Cursor, prefixBits: number): Header {
    const index = cursor.integer(prefixBits);
    const name = index === 0 ? cursor.string() : this.#entry(index)[0];
    return [name, cursor.string()];
  }

  #entry(index: number): Header {
    const header = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table[index - STATIC_TABLE.length - 1];
    return header ?? malformed();
  }

  #insert(header: Header): void {
    const size = sizeOf(header);
    this.#evict(size);
    if (size > this.#maxTableBytes) return;
    this.#table.unshift(header);
    this.#tableBytes += size;
  }

  /** Drops the oldest entries until there is room for `size` more bytes. */
  #evict(size: number): void {
    while (this.#table.length > 0 && this.#tableBytes + size > this.#maxTableBytes) {
      this.#tableBytes -= sizeOf(this.#table.pop()!);
    }
  }
}

function sizeOf([name, value]: Header): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}

function malformed(): never {
  throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, "malformed header block");
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at] ?? malformed();
  }

  integer(prefixBits: number): number {
    const limit = 2 ** prefixBits - 1;
    let value = this.#byte() & limit;
    if (value < limit) return value;
    for (let factor = 1;; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (value > MAX_INTEGER || factor > MAX_INTEGER) malformed();
      if (byte < 128) return value;
    }
  }

  string(): string {
    const huffman = this.peek() >= 0x80;
    const length = this.integer(7);
    if (length > this.#bytes.length - this.#at) malformed();
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    if (huffman) return decodeHuffman(bytes);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return text;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? malformed();
  }
}
