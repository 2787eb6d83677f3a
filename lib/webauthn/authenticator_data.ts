import { ToolError } from "../errors/mod.ts";
import { decodeCborItem } from "./cbor.ts";

/** The new credential in authenticator data (WebAuthn L3 §6.5.1). */
export interface AttestedCredential {
  /** Model of the authenticator, 16 bytes. */
  aaguid: Uint8Array;
  credentialId: Uint8Array;
  /** The COSE key, byte for byte as the authenticator gave it. */
  publicKeyCbor: Uint8Array;
}

/** What an authenticator says of a ceremony (WebAuthn L3 §6.1). */
export interface AuthenticatorData {
  rpIdHash: Uint8Array;
  /** Somebody touched it. */
  userPresent: boolean;
  /** It knows who: by PIN, fingerprint, face. */
  userVerified: boolean;
  /** The credential may be copied to other devices. Never changes. */
  backupEligible: boolean;
  /** The credential has been copied. */
  backedUp: boolean;
  signatureCounter: number;
  /** Present at registrations. */
  attested?: AttestedCredential;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const ATTESTED = 0x40;
const EXTENSIONS = 0x80;

/** Bytes before the variable parts. */
const HEADER_BYTES = 37;

/**
 * Reads authenticator data (WebAuthn L3 §6.1):
 *
 *     32 rpIdHash | 1 flags | uint32 signCount | [attested credential data] | [extensions: CBOR map]
 *
 * and, where the flag `AT` says so, attested credential data (§6.5.1):
 *
 *     16 aaguid | uint16 length | length credentialId | credentialPublicKey: CBOR map
 *
 * @throws {ToolError} `bad_parameter` when it is cut off, has more behind it, or its flags contradict each other.
 */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  if (bytes.length < HEADER_BYTES) throw malformed("cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(32);
  const data: AuthenticatorData = {
    rpIdHash: bytes.slice(0, 32),
    userPresent: (flags & USER_PRESENT) !== 0,
    userVerified: (flags & USER_VERIFIED) !== 0,
    backupEligible: (flags & BACKUP_ELIGIBLE) !== 0,
    backedUp: (flags & BACKED_UP) !== 0,
    signatureCounter: view.getUint32(33),
  };
  if (data.backedUp && !data.backupEligible) {
    throw malformed("a credential that is backed up but may not be");
  }

  let offset = HEADER_BYTES;
  if ((flags & ATTESTED) !== 0) {
    if (bytes.length < offset + 18) throw malformed("cut off");
    const aaguid = bytes.slice(offset, offset + 16);
    const idLength = view.getUint16(offset + 16);
    offset += 18;
    if (bytes.length < offset + idLength) throw malformed("cut off");
    const credentialId = bytes.slice(offset, offset + idLength);
    offset += idLength;
    const keyEnd = mapEnd(bytes, offset, "a public key that is not a map");
    data.attested = { aaguid, credentialId, publicKeyCbor: bytes.slice(offset, keyEnd) };
    offset = keyEnd;
  }
  if ((flags & EXTENSIONS) !== 0) offset = mapEnd(bytes, offset, "extensions that are not a map");
  if (offset !== bytes.length) throw malformed(`${bytes.length - offset} bytes after its end`);
  return data;
}

function mapEnd(bytes: Uint8Array, offset: number, otherwise: string): number {
  const { value, end } = decodeCborItem(bytes, offset);
  if (!(value instanceof Map)) throw malformed(otherwise);
  return end;
}

function malformed(what: string): ToolError {
  return new ToolError("bad_parameter", `malformed authenticator data: ${what}`);
}
