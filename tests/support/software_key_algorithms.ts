import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** Algorithms of the software key, by their JOSE names. */
export type Algorithm = "ES256" | "ES384" | "ES512" | "EdDSA" | "RS256";

/** Their COSE numbers (IANA "COSE Algorithms"). */
export const COSE_NUMBERS: Readonly<Record<Algorithm, number>> = {
  ES256: -7,
  EdDSA: -8,
  ES384: -35,
  ES512: -36,
  RS256: -257,
};

const CURVES = {
  ES256: { name: "P-256", cose: 1 },
  ES384: { name: "P-384", cose: 2 },
  ES512: { name: "P-521", cose: 3 },
} as const;

/** A new private key, and its public side as a COSE key (RFC 9053 §7, RFC 8230 §4). */
export function newKeyPair(
  algorithm: Algorithm,
): { privateKey: KeyObject; cose: Map<number, number | Uint8Array> } {
  const number = COSE_NUMBERS[algorithm];
  if (algorithm === "EdDSA") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const x = decode(publicKey.export({ format: "jwk" }).x);
    return {
      privateKey,
      cose: new Map<number, number | Uint8Array>([[1, 1], [3, number], [-1, 6], [-2, x]]),
    };
  }
  if (algorithm === "RS256") {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: "jwk" });
    return {
      privateKey,
      cose: new Map<number, number | Uint8Array>([[1, 3], [3, number], [-1, decode(n)], [
        -2,
        decode(e),
      ]]),
    };
  }
  const curve = CURVES[algorithm];
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve.name });
  const { x, y } = publicKey.export({ format: "jwk" });
  return {
    privateKey,
    cose: new Map<number, number | Uint8Array>([
      [1, 2],
      [3, number],
      [-1, curve.cose],
      [-2, decode(x)],
      [-3, decode(y)],
    ]),
  };
}

/** Signs as WebAuthn L3 §6.5.5 wants it: ECDSA in DER, the others as they are. */
export function signWith(algorithm: Algorithm, key: KeyObject, data: Uint8Array): Uint8Array {
  const hash = algorithm === "EdDSA" ? null : `sha${algorithm.slice(2)}`;
  return new Uint8Array(sign(hash, data, key));
}

function decode(text: string | undefined): Uint8Array {
  return Uint8Array.fromBase64(text ?? "", { alphabet: "base64url" });
}
