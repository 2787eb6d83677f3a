/**
 * Makers of security keys, for tests of attestation: a root, as many CAs below it as wanted, and certificates for keys.
 *
 * @module
 */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Attester } from "./software_key_attestation.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** OID of the FIDO extension that names the model (WebAuthn L3 §8.2.1). */
const AAGUID_EXTENSION = "1.3.6.1.4.1.45724.1.1.4";

/** How a certificate differs from the usual one. */
export interface CertificateOptions {
  notBefore?: Date;
  notAfter?: Date;
  /** The model to certify, 16 bytes. */
  aaguid?: Uint8Array;
}

/** A certificate authority of a maker. */
export class AttestationCa {
  readonly #certificate: x509.X509Certificate;
  readonly #keys: CryptoKeyPair;
  readonly #issuer: AttestationCa | undefined;

  private constructor(
    certificate: x509.X509Certificate,
    keys: CryptoKeyPair,
    issuer: AttestationCa | undefined,
  ) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.#issuer = issuer;
  }

  /** A new root. */
  static async root(name: string, options: CertificateOptions = {}): Promise<AttestationCa> {
    const keys = await newKeys();
    const certificate = await issue(name, keys, { ca: true, options });
    return new AttestationCa(certificate, keys, undefined);
  }

  /** The certificate in PEM, as a configuration holds it. */
  get pem(): string {
    return this.#certificate.toString("pem");
  }

  /** The certificate in DER. */
  get der(): Uint8Array {
    return new Uint8Array(this.#certificate.rawData);
  }

  /** A CA below this one. */
  async below(name: string, options: CertificateOptions = {}): Promise<AttestationCa> {
    const keys = await newKeys();
    const certificate = await issue(name, keys, { ca: true, issuer: this, options });
    return new AttestationCa(certificate, keys, this);
  }

  /** A certificate for a key, with the CAs up to the root, which is left out. */
  async attester(name: string, options: CertificateOptions = {}): Promise<Attester> {
    return (await this.#end(name, options)).attester;
  }

  /** A certificate for a key that is then used like a CA, although it is none. */
  async endUsedAsCa(name: string, options: CertificateOptions = {}): Promise<AttestationCa> {
    const { certificate, keys } = await this.#end(name, options);
    return new AttestationCa(certificate, keys, this);
  }

  async #end(name: string, options: CertificateOptions) {
    const keys = await newKeys();
    const certificate = await issue(name, keys, { ca: false, issuer: this, options });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    const attester: Attester = {
      certificates: [new Uint8Array(certificate.rawData), ...this.#chain()],
      privateKey: createKey(pkcs8),
    };
    return { certificate, keys, attester };
  }

  #chain(): Uint8Array[] {
    return this.#issuer === undefined ? [] : [this.der, ...this.#issuer.#chain()];
  }

  /** For {@linkcode issue}. */
  get signing(): { subject: string; privateKey: CryptoKey } {
    return { subject: this.#certificate.subject, privateKey: this.#keys.privateKey };
  }
}

function createKey(pkcs8: ArrayBuffer): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as CryptoKeyPair;
}

/** Subject and version as WebAuthn L3 §8.2.1 demands them of a key's certificate. */
async function issue(
  name: string,
  keys: CryptoKeyPair,
  { ca, issuer, options }: { ca: boolean; issuer?: AttestationCa; options: CertificateOptions },
): Promise<x509.X509Certificate> {
  const subject = `C=SE, O=Test Keys, OU=Authenticator Attestation, CN=${name}`;
  const extensions: x509.Extension[] = [new x509.BasicConstraintsExtension(ca, undefined, true)];
  if (options.aaguid !== undefined) {
    const octets = new Uint8Array([4, 16, ...options.aaguid]);
    extensions.push(new x509.Extension(AAGUID_EXTENSION, false, octets));
  }
  return await x509.X509CertificateGenerator.create({
    serialNumber: crypto.randomUUID().replaceAll("-", "").replace(/^./, "1"),
    subject,
    issuer: issuer?.signing.subject ?? subject,
    notBefore: options.notBefore ?? new Date("2020-01-01"),
    notAfter: options.notAfter ?? new Date("2120-01-01"),
    publicKey: keys.publicKey,
    signingKey: issuer?.signing.privateKey ?? keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
}
