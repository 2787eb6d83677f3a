/**
 * The credential keys of the W3C vectors.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import { concat, sha256 } from "../../support/software_key_bytes.ts";
import * as der from "./der.ts";
import type { Drawer } from "./drawer.ts";
import {
  CURVES,
  inverse,
  power,
  publicPoint,
  signDeterministically,
  toBigInt,
  toBytes,
} from "./ecdsa.ts";

/** What a vector needs of a credential's key. */
export interface VectorKey {
  cose: Map<number, number | Uint8Array>;
  sign(data: Uint8Array): Uint8Array;
}

/** Kinds of keys that the vectors have. */
export type VectorAlgorithm = "ES256" | "ES384" | "ES512" | "RS256" | "EdDSA" | "Ed448";

const ELLIPTIC = {
  ES256: { curve: CURVES["P-256"], alg: -7, crv: 1, drawn: 32 },
  ES384: { curve: CURVES["P-384"], alg: -35, crv: 2, drawn: 48 },
  // 65 bytes are always below the order of a curve of 521 bits.
  ES512: { curve: CURVES["P-521"], alg: -36, crv: 3, drawn: 65 },
} as const;

const EDWARDS = {
  EdDSA: { oid: "1.3.101.112", alg: -8, crv: 6, drawn: 32 },
  Ed448: { oid: "1.3.101.113", alg: -53, crv: 7, drawn: 57 },
} as const;

/** Draws a key, or makes the fixed RSA key. */
export function vectorKey(algorithm: VectorAlgorithm, drawer: Drawer): VectorKey {
  if (algorithm === "RS256") return rsaKey();
  if (algorithm === "EdDSA" || algorithm === "Ed448") return edwardsKey(EDWARDS[algorithm], drawer);
  const { curve, alg, crv, drawn } = ELLIPTIC[algorithm];
  const privateKey = drawer.draw(drawn);
  const { x, y } = publicPoint(curve, privateKey);
  return {
    cose: new Map<number, number | Uint8Array>([[1, 2], [3, alg], [-1, crv], [-2, x], [-3, y]]),
    sign: (data) => signDeterministically(curve, privateKey, data),
  };
}

function edwardsKey(
  { oid, alg, crv, drawn }: typeof EDWARDS[keyof typeof EDWARDS],
  drawer: Drawer,
): VectorKey {
  // RFC 8410 §7.
  const pkcs8 = der.sequence(
    der.integer(0n),
    der.sequence(der.oid(oid)),
    der.octets(der.octets(drawer.draw(drawn))),
  );
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return {
    cose: new Map<number, number | Uint8Array>([
      [1, 1],
      [3, alg],
      [-1, crv],
      [-2, Uint8Array.fromBase64(x, { alphabet: "base64url" })],
    ]),
    sign: (data) => new Uint8Array(sign(null, data, key)),
  };
}

/** What a PKCS #1 signature with SHA-256 says before the digest (RFC 8017 §9.2, note 1). */
const DIGEST_INFO = Uint8Array.fromHex("3031300d060960864801650304020105000420");

/**
 * Its primes are the two smallest Mersenne primes of at least 1024 bits, which node:crypto takes minutes to look at: so
 * RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1) is done by hand.
 */
function rsaKey(): VectorKey {
  const [p, q, e] = [2n ** 1279n - 1n, 2n ** 2203n - 1n, 65537n];
  const n = p * q;
  const d = inverse(e, (p - 1n) * (q - 1n));
  const length = minimalBytes(n).length;
  return {
    cose: new Map<number, number | Uint8Array>([
      [1, 3],
      [3, -257],
      [-1, minimalBytes(n)],
      [-2, minimalBytes(e)],
    ]),
    sign: (data) => {
      const end = concat(new Uint8Array([0]), DIGEST_INFO, sha256(data));
      const padding = new Uint8Array(length - 2 - end.length).fill(0xff);
      const message = concat(new Uint8Array([0, 1]), padding, end);
      return toBytes(power(toBigInt(message), d, n), length);
    },
  };
}

function minimalBytes(value: bigint): Uint8Array {
  return toBytes(value, Math.ceil(value.toString(16).length / 2));
}

/** The uncompressed point of an elliptic key (SEC 1 §2.3.3). */
export function pointOf({ cose }: VectorKey): Uint8Array {
  return concat(new Uint8Array([4]), cose.get(-2) as Uint8Array, cose.get(-3) as Uint8Array);
}
