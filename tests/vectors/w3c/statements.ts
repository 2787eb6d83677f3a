/**
 * What is special about the attestation statements of Apple, Android and TPMs in the W3C vectors.
 *
 * @module
 */

import { concat, sha256, uint16 } from "../../support/software_key_bytes.ts";
import { extension } from "./certificates.ts";
import * as der from "./der.ts";
import type { VectorKey } from "./keys.ts";

/** WebAuthn L3 §8.8: `SEQUENCE { [1] EXPLICIT OCTET STRING nonce }`. */
export function appleExtension(nonce: Uint8Array): Uint8Array {
  return extension(
    "1.2.840.113635.100.8.2",
    der.sequence(der.element(0xa1, der.octets(nonce))),
  );
}

/** Android's KeyDescription of version 300, with nothing in it but the challenge (WebAuthn L3 §8.4). */
export function androidKeyExtension(challenge: Uint8Array): Uint8Array {
  const description = der.sequence(
    der.integer(300n),
    der.enumerated(0n),
    der.integer(0n),
    der.enumerated(0n),
    der.octets(challenge),
    der.octets(),
    der.sequence(),
    der.sequence(),
  );
  return extension("1.3.6.1.4.1.11129.2.1.17", description);
}

/** CRL distribution points (RFC 5280 §4.2.1.13) with one URL. No published vector has them. */
export function revocationExtension(url: string): Uint8Array {
  const uri = der.element(0x86, new TextEncoder().encode(url));
  const point = der.sequence(der.element(0xa0, der.element(0xa0, uri)));
  return extension("2.5.29.31", der.sequence(point));
}

/** Extended key usage of an AIK, and the TPM's name as a directory name (WebAuthn L3 §8.3.1). */
export function tpmExtensions(manufacturer: string): Uint8Array[] {
  const attribute = (id: string, value: string) => der.sequence(der.oid(id), der.text(12, value));
  const tpm = der.sequence(
    der.set(
      attribute("2.23.133.2.1", manufacturer),
      attribute("2.23.133.2.3", "id:00000000"),
      attribute("2.23.133.2.2", "WebAuthn test vectors"),
    ),
  );
  return [
    extension("2.5.29.37", der.sequence(der.oid("2.23.133.8.3"))),
    extension("2.5.29.17", der.sequence(der.element(0xa4, tpm)), true),
  ];
}

/** TPMT_PUBLIC and TPMS_ATTEST (TPM 2.0 Library, part 2, §12.2.4 and §10.12.8). */
export function tpmAttestation(
  { cose }: VectorKey,
  extraData: Uint8Array,
): { pubArea: Uint8Array; certInfo: Uint8Array } {
  const [ecc, sha256Algorithm, none, p256] = [0x0023, 0x000b, 0x0010, 0x0003].map(uint16);
  const sized = (bytes: Uint8Array) => concat(uint16(bytes.length), bytes);
  const pubArea = concat(
    ecc!,
    sha256Algorithm!,
    Uint8Array.fromHex("00040000"),
    sized(new Uint8Array()),
    none!,
    none!,
    p256!,
    none!,
    sized(cose.get(-2) as Uint8Array),
    sized(cose.get(-3) as Uint8Array),
  );
  const certInfo = concat(
    Uint8Array.fromHex("ff544347"),
    uint16(0x8017),
    sized(new Uint8Array()),
    sized(extraData),
    Uint8Array.fromHex("0000000000000000" + "11111111" + "22222222" + "33"),
    new Uint8Array(8),
    sized(concat(sha256Algorithm!, sha256(pubArea))),
    sized(new Uint8Array()),
  );
  return { pubArea, certInfo };
}
