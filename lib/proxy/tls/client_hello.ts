/**
 * Reads a TLS ClientHello before TLS does, to learn for whom a connection is.
 *
 * 1. Records carry the handshake, in pieces of any size (RFC 8446 §5.1):
 *    `byte 22 | uint16 version, major 3 | uint16 length (1 to 16384) | bytes`.
 * 2. The handshake message is put together from them (§4): `byte 1 | uint24 length | body`.
 * 3. Its body (§4.1.2): `uint16 version | 32 bytes random | session id<0..32> | cipher suites<2..65534> |
 *    compression methods<1..255> | extensions`, the extensions being absent from very old clients.
 * 4. Of the extensions (`uint16 type | bytes<0..65535>`) two matter: server_name (0, RFC 6066 §3) and ALPN
 *    (16, RFC 7301 §3.1). Others, GREASE among them (RFC 8701), are stepped over.
 *
 * Lengths that do not add up, a second extension of a type, a name that is no host name: all are refused, so that what
 * is decided here is about the very message that TLS then sees.
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";

/** What a client says about whom it wants to talk to. */
export interface ClientHello {
  /** Host name of the server_name extension, in lower case. */
  serverName: string | undefined;
  /** ALPN protocols in the client's order; bytes are read as Latin-1. */
  alpnProtocols: string[];
}

/** A ClientHello with every extension in use takes 2 to 4 KiB. Counts records with their headers, in bytes. */
export const MAX_CLIENT_HELLO_BYTES = 16 * 1024;

/** What most clients need; more is made room for when it comes. */
const INITIAL_BYTES = 2 * 1024;

const RECORD_HANDSHAKE = 22;
const RECORD_HEADER_BYTES = 5;
const MAX_RECORD_BYTES = 16 * 1024;
const HANDSHAKE_CLIENT_HELLO = 1;
const HANDSHAKE_HEADER_BYTES = 4;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const NAME_TYPE_HOST = 0;

/** Letters, digits, hyphens and underscores, with single dots between; no trailing dot (RFC 6066 §3). */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/**
 * Takes the bytes of a connection as they arrive, in any pieces, until the ClientHello is whole. Work is linear in the
 * bytes however small the pieces are.
 */
export class ClientHelloReader {
  #total = 0;
  /** Bytes of record headers and payload that are not yet in the message. */
  #pending = new Uint8Array(0);
  #message = new Uint8Array(INITIAL_BYTES);
  #messageBytes = 0;
  /** Bytes of the current record still to come. */
  #recordBytes = 0;

  /**
   * Adds bytes.
   *
   * @returns The ClientHello, or `undefined` as long as it is not whole. What comes after it is not looked at.
   * @throws `bad_parameter` when the bytes are not a ClientHello, `limit_exceeded` when it is over
   * {@linkcode MAX_CLIENT_HELLO_BYTES}.
   */
  push(bytes: Uint8Array): ClientHello | undefined {
    this.#total += bytes.length;
    const hello = this.#read(bytes);
    if (hello === undefined && this.#total >= MAX_CLIENT_HELLO_BYTES) {
      throw tooLarge();
    }
    return hello;
  }

  #read(bytes: Uint8Array): ClientHello | undefined {
    let rest = this.#pending.length === 0 ? bytes : concat(this.#pending, bytes);
    this.#pending = new Uint8Array(0);
    while (rest.length > 0) {
      if (this.#recordBytes === 0) {
        checkRecordStart(rest);
        if (rest.length < RECORD_HEADER_BYTES) {
          this.#pending = rest.slice();
          return undefined;
        }
        this.#recordBytes = recordLength(rest);
        rest = rest.subarray(RECORD_HEADER_BYTES);
      }
      const taken = rest.subarray(0, this.#recordBytes);
      this.#append(taken);
      this.#recordBytes -= taken.length;
      rest = rest.subarray(taken.length);
      const body = this.#body();
      if (body !== undefined) return parseBody(body);
    }
    return undefined;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#messageBytes + bytes.length;
    if (length > MAX_CLIENT_HELLO_BYTES) throw tooLarge();
    if (length > this.#message.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#message.length));
      larger.set(this.#message);
      this.#message = larger;
    }
    this.#message.set(bytes, this.#messageBytes);
    this.#messageBytes = length;
  }

  /** The message's body once it is whole. */
  #body(): Uint8Array | undefined {
    if (this.#messageBytes > 0 && this.#message[0] !== HANDSHAKE_CLIENT_HELLO) {
      throw malformed("first message is not a ClientHello");
    }
    if (this.#messageBytes < HANDSHAKE_HEADER_BYTES) return undefined;
    const header = new Reader(this.#message.subarray(1, HANDSHAKE_HEADER_BYTES));
    const end = HANDSHAKE_HEADER_BYTES + header.uint24();
    if (end > MAX_CLIENT_HELLO_BYTES) throw tooLarge();
    if (this.#messageBytes < end) return undefined;
    return this.#message.subarray(HANDSHAKE_HEADER_BYTES, end);
  }
}

/** Refuses what cannot be a record as early as the first byte. */
function checkRecordStart(bytes: Uint8Array): void {
  if (bytes[0] !== RECORD_HANDSHAKE) throw malformed("not a handshake record");
  if (bytes.length > 1 && bytes[1] !== 3) throw malformed("not a TLS version");
}

function recordLength(header: Uint8Array): number {
  const length = header[3]! << 8 | header[4]!;
  if (length === 0 || length > MAX_RECORD_BYTES) throw malformed("record length out of range");
  return length;
}

function parseBody(body: Uint8Array): ClientHello {
  const reader = new Reader(body);
  reader.take(2 + 32);
  if (reader.vector8().length > 32) throw malformed("session id too long");
  const suites = reader.vector16().length;
  if (suites < 2 || suites % 2 !== 0) throw malformed("cipher suites out of shape");
  if (reader.vector8().length === 0) throw malformed("no compression methods");
  const hello: ClientHello = { serverName: undefined, alpnProtocols: [] };
  if (reader.done) return hello;
  const extensions = new Reader(reader.vector16());
  if (!reader.done) throw malformed("bytes after the extensions");
  const seen = new Set<number>();
  while (!extensions.done) {
    const type = extensions.uint16();
    const data = new Reader(extensions.vector16());
    if (seen.has(type)) throw malformed("extension given twice");
    seen.add(type);
    if (type === EXTENSION_SERVER_NAME) hello.serverName = parseServerName(data);
    if (type === EXTENSION_ALPN) hello.alpnProtocols = parseAlpn(data);
  }
  return hello;
}

function parseServerName(data: Reader): string {
  const names = new Reader(data.vector16());
  if (!data.done) throw malformed("bytes after the server names");
  const type = names.uint8();
  const name = latin1(names.vector16()).toLowerCase();
  if (type !== NAME_TYPE_HOST || !names.done) throw malformed("not one host name");
  if (!HOST_NAME.test(name)) throw malformed("not a host name");
  return name;
}

function parseAlpn(data: Reader): string[] {
  const list = new Reader(data.vector16());
  if (!data.done || list.done) throw malformed("ALPN list out of shape");
  const protocols: string[] = [];
  while (!list.done) {
    const name = list.vector8();
    if (name.length === 0) throw malformed("empty ALPN protocol");
    protocols.push(latin1(name));
  }
  return protocols;
}

/** Steps through bytes; reading past the end is malformed input. */
class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw malformed("a length points past the end");
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    const [high, low] = this.take(2);
    return high! << 8 | low!;
  }

  uint24(): number {
    return this.uint8() << 16 | this.uint16();
  }

  vector8(): Uint8Array {
    return this.take(this.uint8());
  }

  vector16(): Uint8Array {
    return this.take(this.uint16());
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function tooLarge(): ToolError {
  return new ToolError("limit_exceeded", `ClientHello is over ${MAX_CLIENT_HELLO_BYTES} bytes`);
}

function malformed(what: string): ToolError {
  return new ToolError("bad_parameter", `malformed ClientHello: ${what}`);
}
