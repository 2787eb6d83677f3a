import { X509Certificate } from "node:crypto";
import { ToolError } from "../errors/mod.ts";

/**
 * The certificates of a PEM text, which may hold several.
 *
 * @throws {ToolError} `bad_parameter`
 */
export function parsePem(pem: string, what: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new ToolError("bad_parameter", `${what} holds no PEM certificate`);
  return blocks.map((block) => parseCertificate(block, what));
}

/** A certificate from DER bytes or PEM. Throws `bad_parameter`. */
export function parseCertificate(encoded: Uint8Array | string, what: string): X509Certificate {
  try {
    return new X509Certificate(encoded);
  } catch (cause) {
    throw new ToolError("bad_parameter", `${what} is not an X.509 certificate`, { cause });
  }
}

/** Whether both are the same certificate. */
export function sameCertificate(a: X509Certificate, b: X509Certificate): boolean {
  return a.fingerprint256 === b.fingerprint256;
}

/** Whether `issuer` issued `certificate`: it has the issuer's name and signature. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject && hasSignatureOf(certificate, issuer) === true;
}

/**
 * Whether `issuer` may have issued `certificate`, for lists of the denied: its signature is enough, whatever name is
 * written; and where this runtime cannot judge the signature (an unusual key), the name is.
 */
export function mayBeIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return hasSignatureOf(certificate, issuer) ?? certificate.issuer === issuer.subject;
}

function hasSignatureOf(
  certificate: X509Certificate,
  issuer: X509Certificate,
): boolean | undefined {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return undefined;
  }
}

/** Whether `certificate` is valid at `nowMs`. */
export function isWithinValidity(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs &&
    nowMs <= certificate.validToDate.getTime();
}

/**
 * The way from `chain[0]` to one of `anchors`, or `undefined` when there is none. Each certificate must have been issued
 * by the next one of the chain, or by an anchor, where the way ends; all must be valid at `nowMs`, and all between the
 * first and the anchor must be CAs (RFC 5280 §6.1.4 k). A first certificate that is itself an anchor is a way of one.
 */
export function findPath(
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  nowMs: number,
): X509Certificate[] | undefined {
  const path: X509Certificate[] = [];
  for (const certificate of chain) {
    if (!isWithinValidity(certificate, nowMs)) return undefined;
    const previous = path.at(-1);
    if (previous === undefined) {
      if (anchors.some((anchor) => sameCertificate(anchor, certificate))) return [certificate];
    } else if (!certificate.ca || !isIssuedBy(previous, certificate)) return undefined;
    path.push(certificate);
    const anchor = anchors.find((candidate) =>
      isWithinValidity(candidate, nowMs) && isIssuedBy(certificate, candidate)
    );
    if (anchor !== undefined) return [...path, anchor];
  }
  return undefined;
}
