import { ToolError } from "../errors/mod.ts";
import { nodeCrypto } from "./node_crypto.ts";
import { ECDSA_HASHES, keyObjectOf, samePublicKey, type SshPublicKey } from "./public_key.ts";
import type { SshCertificate, SshCertificateKind } from "./ssh_certificate.ts";
import { SshReader } from "./ssh_wire.ts";

/** What must be true of a certificate. */
export interface SshCertificateExpectation {
  /** Keys of the CAs that are believed. */
  caKeys: readonly SshPublicKey[];
  /** What it must speak for. */
  kind: SshCertificateKind;
  /** A login or host name that it must name. */
  principal?: string;
  /** The present, milliseconds since the Unix epoch. */
  nowMs: number;
  /** Critical options that the caller obeys; any other is a reason to refuse. */
  knownCriticalOptions?: readonly string[];
}

/** Bytes of one half of an ECDSA signature by key type. */
const ECDSA_BYTES = {
  "ecdsa-sha2-nistp256": 32,
  "ecdsa-sha2-nistp384": 48,
  "ecdsa-sha2-nistp521": 66,
} as const;

/**
 * Checks that a certificate is of a known CA, signed by it, of the right kind, valid now, and for the principal.
 *
 * @throws {ToolError} `trust` with what is wrong, `expired` when its time is over or has not come.
 */
export function verifySshCertificate(
  certificate: SshCertificate,
  expectation: SshCertificateExpectation,
): void {
  const ca = issuerOf(certificate, expectation);
  if (!verifySshSignature(ca, certificate.signedBytes, certificate.signature)) {
    fail("has a wrong signature");
  }
  checkFields(certificate, expectation);
}

/**
 * The same by Web Cryptography, which a program that starts for one certificate loads in a fraction of the time. Authorities with
 * other keys than Ed25519 are left to node:crypto.
 *
 * @throws {ToolError} As {@linkcode verifySshCertificate}.
 */
export async function verifySshCertificateQuickly(
  certificate: SshCertificate,
  expectation: SshCertificateExpectation,
): Promise<void> {
  const ca = issuerOf(certificate, expectation);
  if (ca.type !== "ssh-ed25519") return verifySshCertificate(certificate, expectation);
  if (!await verifyEd25519(ca, certificate)) fail("has a wrong signature");
  checkFields(certificate, expectation);
}

/** A blob is `string "ssh-ed25519" | string key`, a signature `string "ssh-ed25519" | string signature` (RFC 8709 §4, §6). */
async function verifyEd25519(
  ca: SshPublicKey,
  { signedBytes, signature }: SshCertificate,
): Promise<boolean> {
  try {
    const [key, value] = [ca.blob, signature].map((bytes) => {
      const reader = new SshReader(bytes, "SSH signature");
      const type = reader.text();
      const content = new Uint8Array(reader.string());
      reader.end();
      if (type !== "ssh-ed25519") throw new ToolError("bad_parameter", "not Ed25519");
      return content;
    });
    const publicKey = await crypto.subtle.importKey("raw", key!, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", publicKey, value!, new Uint8Array(signedBytes));
  } catch {
    return false;
  }
}

function issuerOf(
  certificate: SshCertificate,
  { caKeys }: SshCertificateExpectation,
): SshPublicKey {
  const ca = caKeys.find((key) => samePublicKey(key, certificate.caKey));
  if (ca === undefined) fail("is of an unknown certificate authority");
  return ca;
}

function checkFields(
  certificate: SshCertificate,
  { kind, principal, nowMs, knownCriticalOptions = [] }: SshCertificateExpectation,
): void {
  if (certificate.kind !== kind) fail(`is for a ${certificate.kind}, not for a ${kind}`);
  for (const name of Object.keys(certificate.criticalOptions)) {
    if (!knownCriticalOptions.includes(name)) fail("has a critical option that is not known here");
  }
  if (principal !== undefined && !certificate.principals.includes(principal)) {
    fail(`does not name ${JSON.stringify(principal)}`);
  }
  if (nowMs < certificate.validAfterMs) {
    throw new ToolError("expired", "SSH certificate is not valid yet");
  }
  if (nowMs >= certificate.validBeforeMs) {
    throw new ToolError("expired", "SSH certificate has expired");
  }
}

function fail(problem: string): never {
  throw new ToolError("trust", `SSH certificate ${problem}`);
}

/**
 * Whether `signature` (`string algorithm | string signature`) is `key`'s over `bytes`. RSA with SHA-1 never is.
 */
export function verifySshSignature(
  key: SshPublicKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const reader = new SshReader(signature, "SSH signature");
    const algorithm = reader.text();
    const value = reader.string();
    reader.end();
    return verifyValue(key, { algorithm, value, bytes });
  } catch (error) {
    if (error instanceof ToolError && error.code === "bad_parameter") return false;
    throw error;
  }
}

function verifyValue(
  key: SshPublicKey,
  { algorithm, value, bytes }: { algorithm: string; value: Uint8Array; bytes: Uint8Array },
): boolean {
  switch (key.type) {
    case "ssh-ed25519":
      return algorithm === key.type && value.length === 64 &&
        nodeCrypto().verify(null, bytes, keyObjectOf(key), value);
    case "ssh-rsa": {
      const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[algorithm];
      return hash !== undefined && nodeCrypto().verify(hash, bytes, keyObjectOf(key), value);
    }
    default: {
      if (algorithm !== key.type) return false;
      const numbers = new SshReader(value, "ECDSA signature");
      const both = [numbers.mpint(), numbers.mpint()];
      numbers.end();
      const size = ECDSA_BYTES[key.type];
      const joined = new Uint8Array(2 * size);
      for (const [i, number] of both.entries()) {
        if (number.length > size) return false;
        joined.set(number, (i + 1) * size - number.length);
      }
      return nodeCrypto().verify(ECDSA_HASHES[key.type], bytes, {
        key: keyObjectOf(key),
        dsaEncoding: "ieee-p1363",
      }, joined);
    }
  }
}
