import type { Random } from "../../deps/mod.ts";
import {
  BACKDATE_MS,
  type CertificateAndKey,
  generateEcKeyPem,
  importKeyPair,
  newSerialNumber,
  pem,
} from "./ca.ts";
import { leafExtensions, nameExtensions } from "./issue.ts";
import { EC_SIGNING, x509 } from "./library.ts";
import { distinguishedName, SUBJECT } from "./subject.ts";

/** How long a self-signed web certificate lasts: ten years, as Teleport's. */
export const WEB_CERTIFICATE_TTL_MS = 10 * 365 * 24 * 3600 * 1000;

/** Names that every proxy answers to on its own machine. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * Makes a self-signed certificate for the web port of a proxy that has been given none.
 *
 * It is not a CA certificate (as Teleport's own is): TLS libraries refuse a CA used as a server's certificate even
 * when it is trusted.
 *
 * @param names Host names and addresses beside localhost, 127.0.0.1 and ::1.
 */
export async function createWebCertificate(
  { names = [], nowMs, ttlMs = WEB_CERTIFICATE_TTL_MS }: {
    names?: readonly string[];
    nowMs: number;
    ttlMs?: number;
  },
  { random }: { random: Pick<Random, "bytes"> },
): Promise<CertificateAndKey> {
  const keyPem = generateEcKeyPem();
  const keys = await importKeyPair(keyPem);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(random),
    name: distinguishedName([[SUBJECT.commonName, names[0] ?? "localhost"]]),
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(nowMs + ttlMs),
    keys,
    signingAlgorithm: EC_SIGNING,
    extensions: [
      ...leafExtensions({ server: true, client: false }),
      ...nameExtensions([...names, ...LOCAL_NAMES]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: pem(certificate), keyPem };
}
