import { verify } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import { keyObjectOf, samePublicKey, type SshPublicKey } from "./public_key.ts";
import type { SshCertificate, SshCertificateKind } from "./ssh_certificate.ts";
import { ECDSA_HASHES } from "./ssh_certificate_issue.ts";
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
  { caKeys, kind, principal, nowMs, knownCriticalOptions = [] }: SshCertificateExpectation,
): void {
  const ca = caKeys.find((key) => samePublicKey(key, certificate.caKey));
  if (ca === undefined) fail("is of an unknown certificate authority");
  if (!verifySshSignature(ca, certificate.signedBytes, certificate.signature)) {
    fail("has a wrong signature");
  }
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
        verify(null, bytes, keyObjectOf(key), value);
    case "ssh-rsa": {
      const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[algorithm];
      return hash !== undefined && verify(hash, bytes, keyObjectOf(key), value);
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
      return verify(ECDSA_HASHES[key.type], bytes, {
        key: keyObjectOf(key),
        dsaEncoding: "ieee-p1363",
      }, joined);
    }
  }
}
