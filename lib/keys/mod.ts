/**
 * Key pairs, authorized_keys lines, and SSH certificates: everything but X.509.
 *
 * X.509 has a door of its own, `lib/keys/x509/mod.ts`, because its library is slow to import and only the cluster
 * issues certificates.
 *
 * @module
 */

export * from "./authorized_key.ts";
export * from "./key_pair.ts";
export * from "./openssh_private_key.ts";
export * from "./public_key.ts";
export * from "./session_key.ts";
export * from "./ssh_certificate.ts";
export * from "./ssh_certificate_issue.ts";
export * from "./ssh_certificate_verify.ts";
export * from "./ssh_wire.ts";
