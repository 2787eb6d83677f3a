/**
 * Deterministic ECDSA (RFC 6979) on the NIST curves, plainly and slowly in BigInt: for making test vectors, where the
 * nonce must be the published one. Never for real keys.
 *
 * @module
 */

import { createHash, createHmac } from "node:crypto";
import { concat } from "../../support/software_key_bytes.ts";
import { integer, sequence } from "./der.ts";

/** A curve y² = x³ - 3x + b over the prime `p`, with the base point `g` of order `n` (FIPS 186-4 §D.1.2). */
export interface Curve {
  bytes: number;
  hash: "sha256" | "sha384" | "sha512";
  p: bigint;
  n: bigint;
  g: Point;
}

type Point = readonly [x: bigint, y: bigint];

/** The curves of ES256, ES384 and ES512, each with its hash. */
export const CURVES: Readonly<Record<"P-256" | "P-384" | "P-521", Curve>> = {
  "P-256": {
    bytes: 32,
    hash: "sha256",
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    g: [
      0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    ],
  },
  "P-384": {
    bytes: 48,
    hash: "sha384",
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    g: [
      0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
      0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
    ],
  },
  "P-521": {
    bytes: 66,
    hash: "sha512",
    p: 2n ** 521n - 1n,
    n: 2n ** 256n * (2n ** 265n - 6n) +
      0x51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    g: [
      0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
      0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
    ],
  },
};

/** The public point of a private key, as coordinates of the curve's length. */
export function publicPoint(
  curve: Curve,
  privateKey: Uint8Array,
): { x: Uint8Array; y: Uint8Array } {
  const [x, y] = multiply(curve, toBigInt(privateKey));
  return { x: toBytes(x, curve.bytes), y: toBytes(y, curve.bytes) };
}

/** Signs, in DER (RFC 3279 §2.2.3), with the nonce of RFC 6979 §3.2. */
export function signDeterministically(
  curve: Curve,
  privateKey: Uint8Array,
  data: Uint8Array,
): Uint8Array {
  const { n, hash } = curve;
  const d = toBigInt(privateKey);
  const digest = new Uint8Array(createHash(hash).update(data).digest());
  const z = leftmostBits(curve, digest) % n;
  for (const k of nonces(curve, toBytes(d, curve.bytes), toBytes(z, curve.bytes))) {
    const r = multiply(curve, k)[0] % n;
    const s = mod(inverse(k, n) * (z + r * d), n);
    if (r !== 0n && s !== 0n) return sequence(integer(r), integer(s));
  }
  throw new Error("unreachable: there are always more nonces");
}

/** RFC 6979 §3.2: HMAC_DRBG seeded with key and digest. */
function* nonces(curve: Curve, key: Uint8Array, digest: Uint8Array): Generator<bigint> {
  const hmac = (k: Uint8Array, ...parts: Uint8Array[]) =>
    new Uint8Array(createHmac(curve.hash, k).update(concat(...parts)).digest());
  const length = createHash(curve.hash).digest().length;
  let v: Uint8Array = new Uint8Array(length).fill(1);
  let k: Uint8Array = new Uint8Array(length);
  for (const separator of [0, 1]) {
    k = hmac(k, v, new Uint8Array([separator]), key, digest);
    v = hmac(k, v);
  }
  while (true) {
    let t: Uint8Array = new Uint8Array();
    while (t.length < curve.bytes) {
      v = hmac(k, v);
      t = concat(t, v);
    }
    const candidate = leftmostBits(curve, t.slice(0, curve.bytes));
    if (candidate >= 1n && candidate < curve.n) yield candidate;
    k = hmac(k, v, new Uint8Array([0]));
    v = hmac(k, v);
  }
}

/** bits2int of RFC 6979 §2.3.2. */
function leftmostBits({ n }: Curve, bytes: Uint8Array): bigint {
  const excess = bytes.length * 8 - n.toString(2).length;
  return excess > 0 ? toBigInt(bytes) >> BigInt(excess) : toBigInt(bytes);
}

function multiply(curve: Curve, scalar: bigint): Point {
  let sum: Point | undefined;
  for (const bit of scalar.toString(2)) {
    if (sum !== undefined) sum = add(curve, sum, sum);
    if (bit === "1") sum = sum === undefined ? curve.g : add(curve, sum, curve.g);
  }
  if (sum === undefined) throw new RangeError("the scalar is 0");
  return sum;
}

/** Adds points that are not each other's negatives. */
function add({ p }: Curve, [x1, y1]: Point, [x2, y2]: Point): Point {
  const slope = x1 === x2
    ? (3n * x1 * x1 - 3n) * inverse(2n * y1, p)
    : (y2 - y1) * inverse(x2 - x1, p);
  const x = mod(slope * slope - x1 - x2, p);
  return [x, mod(slope * (x1 - x) - y1, p)];
}

/** `base` to the power of `exponent`, modulo `modulus`. */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = result * result % modulus;
    if (bit === "1") result = result * base % modulus;
  }
  return result;
}

/** Inverse of a number that has no factor in common with the modulus, by Euclid's algorithm. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [mod(value, modulus), modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return mod(x, modulus);
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** The number that big-endian bytes say. */
export function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toHex() || "0"}`);
}

/** A number in big-endian bytes. */
export function toBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(2 * length, "0"));
}
