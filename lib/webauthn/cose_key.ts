import { createPublicKey } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import { toBase64Url } from "./bytes.ts";
import { type CborMap, decodeCbor } from "./cbor.ts";

/**
 * Algorithms that a new credential may have, most wanted first, as COSE numbers (IANA "COSE Algorithms"; WebAuthn L3
 * §5.8.5). The first is what every security key can do, RS256 what the TPMs of older Windows machines can.
 *
 * | number | name | key |
 * |---|---|---|
 * | -7 | ES256 | P-256 |
 * | -8 | EdDSA | Ed25519 |
 * | -257 | RS256 | RSA, 2048 to 4096 bits (the runtime takes no more) |
 * | -35 | ES384 | P-384 |
 * | -36 | ES512 | P-521 |
 */
export const SUPPORTED_ALGORITHMS: readonly number[] = [-7, -8, -257, -35, -36];

/** COSE key type and curve that go with an algorithm (WebAuthn L3 §5.8.5: an algorithm implies its curve). */
const ELLIPTIC: Readonly<Record<number, { curve: number; jwkCurve: string; bytes: number }>> = {
  [-7]: { curve: 1, jwkCurve: "P-256", bytes: 32 },
  [-35]: { curve: 2, jwkCurve: "P-384", bytes: 48 },
  [-36]: { curve: 3, jwkCurve: "P-521", bytes: 66 },
};

const MIN_RSA_BYTES = 256;
const MAX_RSA_BYTES = 512;

/** What is needed of a credential's public key apart from verifying with it. */
export interface CoseKey {
  /** COSE number of its algorithm. */
  algorithm: number;
}

/**
 * Reads a COSE key (RFC 9052 §7) and makes sure that it is a key of one of {@linkcode SUPPORTED_ALGORITHMS}, with the
 * curve that belongs to the algorithm and, for a point, on that curve.
 *
 * The library looks at a key only when a signature is verified, which for a credential without attestation is the first
 * login: too late to tell its owner.
 *
 * @throws {ToolError} `bad_parameter`
 */
export function readCoseKey(bytes: Uint8Array): CoseKey {
  const map = decodeCbor(bytes);
  if (!(map instanceof Map)) throw wrong("is not a map");
  const algorithm = map.get(3);
  if (typeof algorithm !== "number") throw wrong("names no algorithm");
  if (!SUPPORTED_ALGORITHMS.includes(algorithm)) {
    throw wrong(`has algorithm ${algorithm}, expected one of ${SUPPORTED_ALGORITHMS.join(", ")}`);
  }
  try {
    createPublicKey({ key: toJwk(map, algorithm), format: "jwk" });
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw wrong("is not a valid key", error);
  }
  return { algorithm };
}

function toJwk(map: CborMap, algorithm: number): Record<string, string> {
  const elliptic = ELLIPTIC[algorithm];
  if (elliptic !== undefined) {
    expect(map, 1, 2, "key type");
    expect(map, -1, elliptic.curve, "curve");
    const [x, y] = [part(map, -2, elliptic.bytes), part(map, -3, elliptic.bytes)];
    return { kty: "EC", crv: elliptic.jwkCurve, x: toBase64Url(x), y: toBase64Url(y) };
  }
  if (algorithm === -8) {
    expect(map, 1, 1, "key type");
    expect(map, -1, 6, "curve");
    return { kty: "OKP", crv: "Ed25519", x: toBase64Url(part(map, -2, 32)) };
  }
  expect(map, 1, 3, "key type");
  const [n, e] = [map.get(-1), map.get(-2)];
  if (!(n instanceof Uint8Array) || n.length < MIN_RSA_BYTES || n.length > MAX_RSA_BYTES) {
    throw wrong(`has a modulus outside ${8 * MIN_RSA_BYTES} to ${8 * MAX_RSA_BYTES} bits`);
  }
  if (!(e instanceof Uint8Array) || e.length === 0 || e.length > 4) {
    throw wrong("has an exponent outside 1 to 4 bytes");
  }
  return { kty: "RSA", n: toBase64Url(n), e: toBase64Url(e) };
}

function expect(map: CborMap, label: number, value: number, what: string): void {
  if (map.get(label) !== value) throw wrong(`has the wrong ${what} for its algorithm`);
}

function part(map: CborMap, label: number, length: number): Uint8Array {
  const value = map.get(label);
  if (!(value instanceof Uint8Array) || value.length !== length) {
    throw wrong(`has a coordinate that is not ${length} bytes`);
  }
  return value;
}

function wrong(what: string, cause?: unknown): ToolError {
  return new ToolError("bad_parameter", `credential public key ${what}`, { cause });
}
