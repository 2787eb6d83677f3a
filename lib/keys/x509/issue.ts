import { createPublicKey } from "node:crypto";
import { isIP } from "node:net";
import type { Random } from "../../deps/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import { sshPublicKeyOf } from "../mod.ts";
import { type CertificateAndKey, importKeyPair, newSerialNumber, pem } from "./ca.ts";
import { type Identity, identityToSubject } from "./identity.ts";
import { EC_SIGNING, x509 } from "./library.ts";
import { distinguishedName } from "./subject.ts";

/** What is needed to issue a certificate. */
export interface IssueCertificate {
  /** Who signs; must be of {@linkcode createCa}. */
  ca: CertificateAndKey;
  /** The key to certify: SubjectPublicKeyInfo, PEM. Ed25519, ECDSA, or RSA of at least 2048 bits. */
  publicKeyPem: string;
  /** Whom it stands for. */
  identity: Identity;
  /** Host names and addresses under which a server may show it. */
  names?: readonly string[];
  /** Valid from this moment, milliseconds since the Unix epoch, in whole seconds. */
  notBeforeMs: number;
  /** Valid up to and with this moment, milliseconds since the Unix epoch, in whole seconds. */
  notAfterMs: number;
}

/**
 * Issues a certificate for a user, or for a host with its names, good for both ends of a TLS connection as Teleport's
 * are.
 *
 * @returns PEM.
 * @throws {ToolError} `bad_parameter` when the key is not one that is accepted, the validity is empty, or the identity
 * lacks a part.
 */
export async function issueCertificate(
  { ca, publicKeyPem, identity, names = [], notBeforeMs, notAfterMs }: IssueCertificate,
  { random }: { random: Pick<Random, "bytes"> },
): Promise<string> {
  if (!(notBeforeMs < notAfterMs)) {
    throw new ToolError("bad_parameter", "certificate that is never valid");
  }
  const publicKey = readPublicKey(publicKeyPem);
  const caCertificate = new x509.X509Certificate(ca.certPem);
  const caKeys = await importKeyPair(ca.keyPem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(random),
    subject: distinguishedName(identityToSubject(identity)),
    issuer: caCertificate.subjectName,
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: EC_SIGNING,
    extensions: [
      ...leafExtensions({ server: true, client: true }),
      ...nameExtensions(names),
      await x509.AuthorityKeyIdentifierExtension.create(caCertificate.publicKey),
    ],
  });
  return pem(certificate);
}

/** Extensions of every certificate that is not a CA's. */
export function leafExtensions(
  { server, client }: { server: boolean; client: boolean },
): x509.Extension[] {
  const { KeyUsageFlags: usage, ExtendedKeyUsage: purpose } = x509;
  const purposes = [
    ...(server ? [purpose.serverAuth] : []),
    ...(client ? [purpose.clientAuth] : []),
  ];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(usage.digitalSignature | usage.keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension(purposes),
  ];
}

/** The subject alternative names, if there are any: addresses as addresses, the rest as DNS names. */
export function nameExtensions(names: readonly string[]): x509.Extension[] {
  if (names.length === 0) return [];
  const entries = [...new Set(names)].map((name): x509.JsonGeneralName => {
    if (isIP(name) !== 0) return { type: "ip", value: name };
    if (!/^[\x21-\x7e]+$/.test(name)) {
      throw new ToolError("bad_parameter", `not a host name: ${JSON.stringify(name)}`);
    }
    return { type: "dns", value: name };
  });
  return [new x509.SubjectAlternativeNameExtension(entries)];
}

/** Takes the keys that SSH takes, with the same bounds. */
function readPublicKey(publicKeyPem: string): x509.PublicKey {
  if (publicKeyPem.length > 8192 || !publicKeyPem.includes("-----BEGIN PUBLIC KEY-----")) {
    throw new ToolError("bad_parameter", "TLS public key is not PEM");
  }
  try {
    const key = createPublicKey(publicKeyPem);
    sshPublicKeyOf(key);
    return new x509.PublicKey(new Uint8Array(key.export({ type: "spki", format: "der" })));
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    throw new ToolError("bad_parameter", "TLS public key is not a valid key", { cause });
  }
}
