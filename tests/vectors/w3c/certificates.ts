/**
 * The certificates of the W3C vectors: their attestation CA, and one for each attested credential.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concat } from "../../support/software_key_bytes.ts";
import * as der from "./der.ts";
import { CURVES, publicPoint, signDeterministically } from "./ecdsa.ts";
import { Drawer } from "./drawer.ts";

const P256 = CURVES["P-256"];
const ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));
const VALIDITY = der.sequence(der.text(23, "240101000000Z"), der.text(24, "30240101000000Z"));

/** A public point of P-256, uncompressed (SEC 1 §2.3.3). */
export function uncompressed({ x, y }: { x: Uint8Array; y: Uint8Array }): Uint8Array {
  return concat(new Uint8Array([4]), x, y);
}

/** CN, O, OU and C, as all these certificates have them. */
function name(unit: string): Uint8Array {
  const part = (id: string, value: Uint8Array) => der.set(der.sequence(der.oid(id), value));
  return der.sequence(
    part("2.5.4.3", der.text(12, "WebAuthn test vectors")),
    part("2.5.4.10", der.text(12, "W3C")),
    part("2.5.4.11", der.text(12, unit)),
    part("2.5.4.6", der.text(19, "AA")),
  );
}

const CA_NAME = name("Authenticator Attestation CA");
const KEY_NAME = name("Authenticator Attestation");

/** An extension of X.509 (RFC 5280 §4.2). */
export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return der.sequence(der.oid(id), ...(critical ? [der.yes()] : []), der.octets(value));
}

function keyIdentifier(point: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(point).digest());
}

interface CertificateFields {
  serial: Uint8Array;
  subject: Uint8Array;
  point: Uint8Array;
  isCa: boolean;
  extensions: Uint8Array[];
}

/** A CA for authenticators, with everything about it drawn from the vectors' seed. */
export class VectorCa {
  readonly #privateKey: Uint8Array;
  readonly #point: Uint8Array;
  /** The CA's own certificate, DER. */
  readonly certificate: Uint8Array;

  constructor() {
    const drawer = new Drawer("Attestation CA");
    this.#privateKey = drawer.draw(32);
    this.#point = uncompressed(publicPoint(P256, this.#privateKey));
    const serial = drawer.draw(16);
    this.certificate = this.#sign({
      serial,
      subject: CA_NAME,
      point: this.#point,
      isCa: true,
      extensions: [],
    });
  }

  /** A certificate for an authenticator's attestation key. TPMs have an empty subject. */
  issue(
    { serial, point, extensions = [], emptySubject = false }: {
      serial: Uint8Array;
      point: Uint8Array;
      extensions?: Uint8Array[];
      emptySubject?: boolean;
    },
  ): Uint8Array {
    const subject = emptySubject ? der.sequence() : KEY_NAME;
    return this.#sign({ serial, subject, point, isCa: false, extensions });
  }

  #sign({ serial, subject, point, isCa, extensions }: CertificateFields): Uint8Array {
    const constraints = isCa ? der.sequence(der.yes()) : der.sequence();
    const usage = isCa ? der.bits(new Uint8Array([0x06]), 1) : der.bits(new Uint8Array([0x80]), 7);
    const authority = der.sequence(der.element(0x80, keyIdentifier(this.#point)));
    const all = [
      extension("2.5.29.19", constraints, true),
      extension("2.5.29.15", usage, true),
      extension("2.5.29.14", der.octets(keyIdentifier(point))),
      ...(isCa ? [] : [extension("2.5.29.35", authority)]),
      ...extensions,
    ];
    const publicKey = der.sequence(
      der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")),
      der.bits(point),
    );
    const body = der.sequence(
      der.element(0xa0, der.integer(2n)),
      der.integer(BigInt(`0x${serial.toHex()}`)),
      ECDSA_SHA256,
      CA_NAME,
      VALIDITY,
      subject,
      publicKey,
      der.element(0xa3, der.sequence(...all)),
    );
    const signature = signDeterministically(P256, this.#privateKey, body);
    return der.sequence(body, ECDSA_SHA256, der.bits(signature));
  }
}
