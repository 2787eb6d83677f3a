import { type KeyObject, sign } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import {
  CERTIFICATE_KINDS,
  CERTIFICATE_TYPE_SUFFIX,
  compareNames,
  FOREVER,
  parseSshCertificateBlob,
  type SshCertificate,
  type SshCertificateFields,
} from "./ssh_certificate.ts";
import { ECDSA_HASHES, type SshPublicKey, sshPublicKeyOf } from "./public_key.ts";
import { SshReader, SshWriter } from "./ssh_wire.ts";

/** Bytes of the nonce, as ssh-keygen makes it. It keeps a CA from signing chosen bytes. */
export const CERTIFICATE_NONCE_BYTES = 32;

/** What is needed to issue a certificate. */
export interface IssueSshCertificate extends SshCertificateFields {
  /** The key to certify. */
  publicKey: SshPublicKey;
  /** The CA's private key: Ed25519, ECDSA or RSA. */
  caKey: KeyObject;
  /** {@linkcode CERTIFICATE_NONCE_BYTES} random bytes. */
  nonce: Uint8Array;
}

/**
 * Makes and signs an OpenSSH certificate. Options and extensions are sorted as PROTOCOL.certkeys demands.
 *
 * @throws {ToolError} `bad_parameter` when there are no principals (which would mean all of them), the validity is empty,
 * or a field is longer than readers take.
 */
export function issueSshCertificate(request: IssueSshCertificate): SshCertificate {
  if (request.principals.length === 0 || request.principals.includes("")) {
    throw new ToolError("bad_parameter", "SSH certificate without principals");
  }
  if (!(request.validAfterMs < request.validBeforeMs) || request.validAfterMs < 0) {
    throw new ToolError("bad_parameter", "SSH certificate that is never valid");
  }
  if (request.nonce.length !== CERTIFICATE_NONCE_BYTES) {
    throw new ToolError(
      "bad_parameter",
      `SSH certificate needs a nonce of ${CERTIFICATE_NONCE_BYTES} bytes`,
    );
  }
  const key = new SshReader(request.publicKey.blob, "SSH public key");
  key.string();
  const principals = new SshWriter();
  for (const principal of request.principals) principals.string(principal);
  const writer = new SshWriter()
    .string(request.publicKey.type + CERTIFICATE_TYPE_SUFFIX)
    .string(request.nonce)
    .raw(request.publicKey.blob.subarray(key.position))
    .uint64(request.serial)
    .uint32(CERTIFICATE_KINDS[request.kind])
    .string(request.keyId)
    .string(principals.bytes())
    .uint64(seconds(request.validAfterMs))
    .uint64(seconds(request.validBeforeMs))
    .string(writeOptions(request.criticalOptions))
    .string(writeOptions(request.extensions))
    .string("")
    .string(sshPublicKeyOf(request.caKey).blob);
  const signature = signSsh(request.caKey, writer.bytes());
  return parseSshCertificateBlob(writer.string(signature).bytes());
}

function seconds(ms: number): bigint {
  return ms === Infinity ? FOREVER : BigInt(Math.floor(ms / 1000));
}

function writeOptions(options: Readonly<Record<string, string>>): Uint8Array {
  const writer = new SshWriter();
  for (const [name, value] of Object.entries(options).sort(([a], [b]) => compareNames(a, b))) {
    writer.string(name).string(value === "" ? "" : new SshWriter().string(value).bytes());
  }
  return writer.bytes();
}

/**
 * An SSH signature, `string algorithm | string signature`: Ed25519 (RFC 8709 §6), ECDSA (RFC 5656 §3.1.2) with the hash
 * of its curve's size, RSA with SHA-512 (RFC 8332 §3).
 *
 * @throws {ToolError} `bad_parameter` when the key is of another kind.
 */
export function signSsh(key: KeyObject, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { type } = sshPublicKeyOf(key);
  switch (type) {
    case "ssh-ed25519":
      return new SshWriter().string(type).string(sign(null, bytes, key)).bytes();
    case "ssh-rsa":
      return new SshWriter().string("rsa-sha2-512").string(sign("sha512", bytes, key)).bytes();
    default: {
      const both = sign(ECDSA_HASHES[type], bytes, { key, dsaEncoding: "ieee-p1363" });
      const half = both.length / 2;
      const numbers = new SshWriter().mpint(both.subarray(0, half)).mpint(both.subarray(half));
      return new SshWriter().string(type).string(numbers.bytes()).bytes();
    }
  }
}
