/**
 * What the attestation formats of WebAuthn L3 §8 demand and the library leaves out.
 *
 * @module
 */

import type { X509Certificate } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import type { AttestationObject } from "./attestation_object.ts";
import { findPath, parseCertificate, parsePem } from "./certificates.ts";
import type { CoseKey } from "./cose_key.ts";

/** What the rules need to know beside the statement. */
export interface StatementContext {
  /** The new credential's key. */
  key: CoseKey;
  /** PEM roots that the library has built in for this format: Apple's, Google's; empty for the others. */
  roots: readonly string[];
  nowMs: number;
}

/**
 * Verifies the rules of the statement's format that the library does not:
 *
 * - `packed` self attestation: the statement's algorithm is the credential's (§8.2, verification procedure);
 * - `fido-u2f`: exactly one certificate, with a P-256 key, for an ES256 credential (§8.6 steps 2 and 3);
 * - `android-key` and `apple`: the certificates lead to one of the maker's roots, through CAs only. The library follows
 *   the certificates' own revocation URLs before it compares the root, so without this a registration could make the
 *   server call any address.
 *
 * @throws {ToolError} `bad_parameter` or `access_denied`
 */
export function verifyStatementRules(
  attestation: AttestationObject,
  { key, roots, nowMs }: StatementContext,
): void {
  const { format, statement, certificates } = attestation;
  const chain = certificates?.map((der) => parseCertificate(der, "attestation certificate"));
  switch (format) {
    case "packed":
      if (statement.has("ecdaaKeyId")) throw refused(format, "ECDAA is no longer part of WebAuthn");
      if (chain === undefined && statement.get("alg") !== key.algorithm) {
        throw refused(format, "the statement's algorithm is not the credential's");
      }
      return;
    case "fido-u2f":
      if (chain?.length !== 1 || !hasP256Key(chain[0] as X509Certificate)) {
        throw refused(format, "expected one certificate with a P-256 key");
      }
      if (key.algorithm !== -7) throw refused(format, "the credential is not ES256");
      return;
    case "android-key":
    case "apple": {
      const anchors = roots.flatMap((pem) => parsePem(pem, `root of "${format}"`));
      if (chain === undefined || findPath(chain, anchors, nowMs) === undefined) {
        throw refused(format, "the certificates do not lead to a known root");
      }
      return;
    }
    default:
      return;
  }
}

function hasP256Key(certificate: X509Certificate): boolean {
  try {
    return certificate.publicKey.export({ format: "jwk" }).crv === "P-256";
  } catch {
    return false;
  }
}

function refused(format: string, why: string): ToolError {
  return new ToolError("access_denied", `"${format}" attestation refused: ${why}`);
}
