import { type KeyObject, sign } from "node:crypto";
import { type Algorithm, COSE_NUMBERS, signWith } from "./software_key_algorithms.ts";
import { concat, flipLastBit, sha256 } from "./software_key_bytes.ts";

/** Who attests a key: its maker's certificate (first) up to, without it, the maker's root. */
export interface Attester {
  certificates: Uint8Array[];
  privateKey: KeyObject;
}

/** What is attested, and how. */
export interface Attestation {
  kind: "none" | "self" | "packed" | "u2f";
  attester: Attester | undefined;
  credential: { id: Uint8Array; rpId: string; algorithm: Algorithm; privateKey: KeyObject };
  /** The new public key, a COSE key. */
  cose: ReadonlyMap<number, number | Uint8Array>;
  authenticatorData: Uint8Array;
  clientDataJSON: Uint8Array;
  badSignature: boolean;
  /** COSE number to write instead of the right one. */
  algorithm: number | undefined;
}

/** The attestation object's `fmt` and `attStmt`: `none`, `packed` (WebAuthn L3 §8.2) or `fido-u2f` (§8.6). */
export function attest(attestation: Attestation): [string, unknown][] {
  const { kind, credential } = attestation;
  if (kind === "none") return [["fmt", "none"], ["attStmt", new Map()]];
  const signed = concat(attestation.authenticatorData, sha256(attestation.clientDataJSON));
  if (kind === "self") {
    const alg = attestation.algorithm ?? COSE_NUMBERS[credential.algorithm];
    const signature = signWith(credential.algorithm, credential.privateKey, signed);
    return statement("packed", attestation, [["alg", alg]], signature);
  }
  const { attester } = attestation;
  if (attester === undefined) throw new TypeError(`attestation "${kind}" needs an attester`);
  const x5c: [string, unknown] = ["x5c", attester.certificates];
  if (kind === "packed") {
    const fields: [string, unknown][] = [["alg", attestation.algorithm ?? -7], x5c];
    return statement("packed", attestation, fields, sign("sha256", signed, attester.privateKey));
  }
  const signature = sign("sha256", u2fSigned(attestation), attester.privateKey);
  return statement("fido-u2f", attestation, [x5c], signature);
}

/** What a U2F key signs (§8.6 step 5): 0 | rpIdHash | clientDataHash | credentialId | public key as a point. */
function u2fSigned(
  { authenticatorData, clientDataJSON, credential, cose }: Attestation,
): Uint8Array {
  return concat(
    new Uint8Array([0]),
    authenticatorData.subarray(0, 32),
    sha256(clientDataJSON),
    credential.id,
    new Uint8Array([4]),
    cose.get(-2) as Uint8Array,
    cose.get(-3) as Uint8Array,
  );
}

function statement(
  format: string,
  { badSignature }: Attestation,
  fields: [string, unknown][],
  signature: Uint8Array,
): [string, unknown][] {
  const sig = badSignature ? flipLastBit(signature) : new Uint8Array(signature);
  return [["fmt", format], ["attStmt", new Map([...fields, ["sig", sig] as [string, unknown]])]];
}
