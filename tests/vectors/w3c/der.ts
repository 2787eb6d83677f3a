/** A writer of DER (X.690), for what certificates of test vectors have. */

import { concat } from "../../support/software_key_bytes.ts";

/** `tag length contents`. */
export function element(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  const length = body.length < 0x80
    ? [body.length]
    : body.length < 0x100
    ? [0x81, body.length]
    : [0x82, body.length >> 8, body.length & 0xff];
  return concat(new Uint8Array([tag, ...length]), body);
}

export function sequence(...items: Uint8Array[]): Uint8Array {
  return element(0x30, ...items);
}

export function set(...items: Uint8Array[]): Uint8Array {
  return element(0x31, ...items);
}

/** A number that is not negative. */
export function integer(value: bigint): Uint8Array {
  return element(0x02, unsigned(value));
}

export function enumerated(value: bigint): Uint8Array {
  return element(0x0a, unsigned(value));
}

export function octets(...contents: Uint8Array[]): Uint8Array {
  return element(0x04, ...contents);
}

/** Whole bytes of bits, or all but the last `unused` ones. */
export function bits(contents: Uint8Array, unused = 0): Uint8Array {
  return element(0x03, new Uint8Array([unused]), contents);
}

export function yes(): Uint8Array {
  return element(0x01, new Uint8Array([0xff]));
}

/** An object identifier in dots. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [40 * first + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) {
      septets.unshift(0x80 | (more & 0x7f));
    }
    return septets;
  });
  return element(0x06, new Uint8Array(bytes));
}

/** Text of a string type: 12 UTF8String, 19 PrintableString, 23 UTCTime, 24 GeneralizedTime. */
export function text(tag: 12 | 19 | 23 | 24, value: string): Uint8Array {
  return element(tag, new TextEncoder().encode(value));
}

function unsigned(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Uint8Array.fromHex(hex.padStart(hex.length + hex.length % 2, "0"));
  return bytes[0]! >= 0x80 ? concat(new Uint8Array([0]), bytes) : bytes;
}
