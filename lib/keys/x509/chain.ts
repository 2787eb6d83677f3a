import { X509Certificate } from "node:crypto";

/**
 * Whether a certificate is issued by one of the given CAs: named as the issuer, and signed with its key. TLS has checked
 * this for all CAs of a listener together; this tells which of them it was, the user CA or the host CA.
 *
 * @param certificate DER or PEM.
 * @param casPem Certificates of CAs, PEM, one each.
 */
export function isIssuedBy(certificate: Uint8Array | string, casPem: readonly string[]): boolean {
  try {
    const leaf = new X509Certificate(certificate);
    return casPem.some((pem) => {
      const ca = new X509Certificate(pem);
      return leaf.issuer === ca.subject && leaf.verify(ca.publicKey);
    });
  } catch {
    return false;
  }
}

/** The DER in a PEM certificate. */
export function certificateDer(pem: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new X509Certificate(pem).raw);
}
