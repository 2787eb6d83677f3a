/**
 * What of this room loads in no time, for programs that start for one certificate: reading lines and certificates, and checking
 * one by Web Cryptography.
 *
 * @module
 */

export { readAuthorizedKey } from "../authorized_key.ts";
export { readPublicKeyBlob } from "../public_key.ts";
export { parseSshCertificateBlob, type SshCertificate } from "../ssh_certificate.ts";
export { verifySshCertificateQuickly } from "../ssh_certificate_verify.ts";
