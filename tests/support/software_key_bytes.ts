import { createHash } from "node:crypto";

/** Bytes in a row. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** SHA-256. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/** Base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Reads base64url. */
export function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}

/** Two bytes, big-endian. */
export function uint16(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}

/** Makes a signature a wrong one. */
export function flipLastBit(bytes: Uint8Array): Uint8Array {
  const flipped = new Uint8Array(bytes);
  flipped[flipped.length - 1]! ^= 1;
  return flipped;
}
