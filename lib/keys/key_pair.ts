import { generateKeyPairSync } from "node:crypto";
import { formatAuthorizedKey } from "./authorized_key.ts";
import { sshPublicKeyOf } from "./public_key.ts";

/** A key pair in the forms that SSH and TLS want. */
export interface KeyPair {
  /** PKCS #8 (RFC 5958), PEM. The one secret. */
  privateKeyPem: string;
  /** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), PEM. */
  publicKeyPem: string;
  /** authorized_keys line without comment and newline. */
  sshPublicKey: string;
}

/** Makes an Ed25519 key pair (RFC 8032) from the operating system's randomness. */
export function generateKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }) as string,
    sshPublicKey: formatAuthorizedKey(sshPublicKeyOf(publicKey)),
  };
}
