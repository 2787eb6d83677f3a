/**
 * Which makes of authenticators a cluster takes: allowed and denied attestation CAs.
 *
 * @module
 */

import type { X509Certificate } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import type { AttestationObject } from "./attestation_object.ts";
import {
  findPath,
  mayBeIssuedBy,
  parseCertificate,
  parsePem,
  sameCertificate,
} from "./certificates.ts";
import type { WebauthnConfig } from "./types.ts";

const HINT = "Make sure you are using a device from a trusted manufacturer.";

/** Whether the cluster looks at who made a device. If so, registrations must ask for `direct` attestation. */
export function hasAttestationPolicy(config: WebauthnConfig): boolean {
  return (config.attestationAllowedCas?.length ?? 0) > 0 ||
    (config.attestationDeniedCas?.length ?? 0) > 0;
}

/**
 * Judges who made a new device (WebAuthn L3 §7.1 steps 23 and 24), after its attestation statement has been verified:
 *
 * 1. Without lists everything passes.
 * 2. The statement must have certificates: `none` and self attestation name no maker.
 * 3. None of them, nor what leads from them to an allowed CA, is a denied CA or was issued by one. So a list can allow a
 *    maker and deny one of its lots.
 * 4. If there are allowed CAs, the certificates must lead from the authenticator's own to one of them, each issued by
 *    the next. An allowed CA may be a root, one below, or the authenticator's certificate itself.
 *
 * @throws {ToolError} `access_denied`, or `bad_parameter` for a malformed certificate of the statement or configuration.
 */
export function verifyAttestationPolicy(
  config: WebauthnConfig,
  attestation: AttestationObject,
  nowMs: number,
): void {
  if (!hasAttestationPolicy(config)) return;
  const allowed = parseCas(config.attestationAllowedCas, "webauthn attestation_allowed_cas");
  const denied = parseCas(config.attestationDeniedCas, "webauthn attestation_denied_cas");
  const chain = statementChain(attestation);
  const path = findPath(chain, allowed, nowMs) ?? [];

  for (const certificate of [...chain, ...path]) {
    const isDenied = denied.some((ca) =>
      sameCertificate(ca, certificate) || mayBeIssuedBy(certificate, ca)
    );
    if (isDenied) {
      throw new ToolError(
        "access_denied",
        `attestation certificate ${name(certificate.subject)} from issuer ${
          name(certificate.issuer)
        } not allowed`,
        { hint: HINT },
      );
    }
  }
  if (allowed.length > 0 && path.length === 0) {
    throw new ToolError("access_denied", "failed to verify device attestation certificate", {
      hint: HINT,
    });
  }
}

function parseCas(pems: readonly string[] | undefined, what: string): X509Certificate[] {
  return (pems ?? []).flatMap((pem) => parsePem(pem, what));
}

function statementChain({ format, certificates }: AttestationObject): X509Certificate[] {
  if (format === "none") {
    throw new ToolError(
      "access_denied",
      `attestation format "none" not allowed for direct attestation`,
      { hint: HINT },
    );
  }
  if (certificates === undefined) {
    throw new ToolError(
      "access_denied",
      `"${format}" attestation: self attestation not allowed`,
      { hint: `${HINT} Touch ID in browsers other than Safari attests itself.` },
    );
  }
  return certificates.map((der) => parseCertificate(der, "attestation certificate"));
}

/** A distinguished name on one line. */
function name(distinguished: string): string {
  return JSON.stringify(distinguished.replaceAll("\n", ", ").slice(0, 256));
}
