import { generateKeyPairSync } from "node:crypto";
import type { Random } from "../../deps/mod.ts";
import { EC_SIGNING, x509 } from "./library.ts";
import { distinguishedName, SUBJECT } from "./subject.ts";

/** A certificate and the key that it is for. For a CA both stay with the auth service. */
export interface CertificateAndKey {
  /** PEM. */
  certPem: string;
  /** PKCS #8, PEM. */
  keyPem: string;
}

/** What a certificate authority certifies. */
export type CaKind = "user" | "host";

/** How long a CA lasts: ten years, as Teleport's. */
export const CA_TTL_MS = 10 * 365 * 24 * 3600 * 1000;

/** How far before the present certificates start, for peers whose clocks are behind. */
export const BACKDATE_MS = 60_000;

/** What is needed to make a CA. */
export interface CreateCa {
  /** Becomes common name and organization of the subject, as in Teleport. */
  clusterName: string;
  /** What it will certify. The certificate does not say so: Teleport's clients tell CAs by where they got them. */
  kind: CaKind;
  /** The present, milliseconds since the Unix epoch. */
  nowMs: number;
  /** {@linkcode CA_TTL_MS} when absent. */
  ttlMs?: number;
}

/**
 * Makes a self-signed certificate authority with an ECDSA P-256 key, which every TLS library and browser takes.
 *
 * The subject's serial number keeps two CAs of one cluster apart, whose names are otherwise the same; TLS libraries look
 * an issuer up by its subject.
 */
export async function createCa(
  { clusterName, kind, nowMs, ttlMs = CA_TTL_MS }: CreateCa,
  { random }: { random: Pick<Random, "bytes"> },
): Promise<CertificateAndKey> {
  const keyPem = generateEcKeyPem();
  const serialNumber = newSerialNumber(random);
  const keys = await importKeyPair(keyPem);
  const name = distinguishedName([
    [SUBJECT.commonName, clusterName],
    [SUBJECT.organization, clusterName],
    [SUBJECT.organizationalUnit, kind],
    [SUBJECT.serialNumber, BigInt(`0x${serialNumber}`).toString()],
  ]);
  const { KeyUsageFlags: usage } = x509;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name,
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(nowMs + ttlMs),
    keys,
    signingAlgorithm: EC_SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(usage.keyCertSign | usage.cRLSign | usage.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: pem(certificate), keyPem };
}

/** 16 random bytes as hexadecimal digits, positive and never 0 (RFC 5280 §4.1.2.2). */
export function newSerialNumber(random: Pick<Random, "bytes">): string {
  const bytes = random.bytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toHex();
}

/** A new ECDSA P-256 private key, PKCS #8 in PEM. */
export function generateEcKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** An ECDSA P-256 key for the library. */
export async function importKeyPair(keyPem: string): Promise<CryptoKeyPair> {
  const der = x509.PemConverter.decodeFirst(keyPem);
  const privateKey = await crypto.subtle.importKey("pkcs8", der, EC_SIGNING, true, ["sign"]);
  const { d: _, key_ops: __, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await crypto.subtle.importKey("jwk", jwk, EC_SIGNING, true, ["verify"]);
  return { privateKey, publicKey };
}

/** The certificate in PEM, with the newline that text files end with. */
export function pem(certificate: x509.X509Certificate): string {
  return certificate.toString("pem").trimEnd() + "\n";
}
