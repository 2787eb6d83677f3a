/**
 * OpenSSH certificates: their fields, and reading them (OpenSSH's PROTOCOL.certkeys).
 *
 *     string type "…-cert-v01@openssh.com" | string nonce | … public key fields …
 *     | uint64 serial | uint32 kind (1 user, 2 host) | string key id | string principals (string each)
 *     | uint64 valid after | uint64 valid before | string critical options | string extensions
 *     | string reserved | string CA public key | string signature
 *
 * Options are pairs of `string name | string data`, sorted by name, each once; data is empty or holds one more string.
 * The signature is over everything before it.
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";
import {
  isSshKeyType,
  parsePublicKeyBlob,
  readKeyFields,
  type SshKeyType,
  type SshPublicKey,
} from "./public_key.ts";
import { SshReader, SshWriter } from "./ssh_wire.ts";

/** What a certificate speaks for. */
export type SshCertificateKind = "user" | "host";

/** What a certificate says, apart from keys and signature. */
export interface SshCertificateFields {
  /** Whom it speaks for. */
  kind: SshCertificateKind;
  /** Chosen by the CA. */
  serial: bigint;
  /** For logs; Teleport puts the user's name here. */
  keyId: string;
  /** Logins of a user, names of a host. None means all, so this code never issues that. */
  principals: string[];
  /** Valid from this moment, milliseconds since the Unix epoch, in whole seconds. */
  validAfterMs: number;
  /** Valid until before this moment, milliseconds since the Unix epoch, in whole seconds; `Infinity` for ever. */
  validBeforeMs: number;
  /** Name → value. Whoever does not know one of them must refuse the certificate. */
  criticalOptions: Readonly<Record<string, string>>;
  /** Name → value, empty for a flag such as `permit-pty`. Unknown ones are ignored. */
  extensions: Readonly<Record<string, string>>;
}

/** A certificate that was read; nothing in it is proven before {@linkcode verifySshCertificate}. */
export interface SshCertificate extends SshCertificateFields {
  /** The key that it certifies. */
  publicKey: SshPublicKey;
  /** The key that says so. */
  caKey: SshPublicKey;
  /** All of it: what the base64 of its line holds. */
  blob: Uint8Array<ArrayBuffer>;
  /** What is signed. */
  signedBytes: Uint8Array;
  /** `string algorithm | string signature`. */
  signature: Uint8Array;
}

/** Ending of the type names of certificates. */
export const CERTIFICATE_TYPE_SUFFIX = "-cert-v01@openssh.com";

/** Numbers of the kinds (PROTOCOL.certkeys: SSH2_CERT_TYPE_USER, SSH2_CERT_TYPE_HOST). */
export const CERTIFICATE_KINDS: Readonly<Record<SshCertificateKind, number>> = { user: 1, host: 2 };

/** `valid before` of a certificate that never expires. */
export const FOREVER = 0xffff_ffff_ffff_ffffn;

/** Longest certificate that is read, in bytes. Roles and traits of a user can make one large. */
const MAX_CERTIFICATE_BYTES = 256 * 1024;

/** Most principals that OpenSSH reads (sshkey.h, SSHKEY_CERT_MAX_PRINCIPALS). */
const MAX_PRINCIPALS = 256;

/** Most options of a kind that are read. */
const MAX_OPTIONS = 256;

/**
 * Reads a certificate line (`ssh-ed25519-cert-v01@openssh.com AAAA… comment`).
 *
 * @throws {ToolError} `bad_parameter` when it is not exactly one well-formed certificate.
 */
export function parseSshCertificate(line: string): SshCertificate {
  const match = line.length > MAX_CERTIFICATE_BYTES * 1.5
    ? null
    : /^[ \t]*([A-Za-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t][^\r\n]*)?\r?\n?$/.exec(line);
  if (match === null) {
    throw new ToolError("bad_parameter", "SSH certificate is not one line of type and base64");
  }
  let blob: Uint8Array<ArrayBuffer>;
  try {
    blob = Uint8Array.fromBase64(match[2]!, { lastChunkHandling: "strict" });
  } catch (cause) {
    throw new ToolError("bad_parameter", "SSH certificate is not base64", { cause });
  }
  const certificate = parseSshCertificateBlob(blob);
  if (match[1] !== certificate.publicKey.type + CERTIFICATE_TYPE_SUFFIX) {
    throw new ToolError("bad_parameter", "SSH certificate is of another type than its line says");
  }
  return certificate;
}

/**
 * Reads what the base64 of a certificate line holds.
 *
 * @param parseKey Reads its two keys; {@linkcode readPublicKeyBlob} for a certificate that is verified next.
 * @throws {ToolError} `bad_parameter` when it is not exactly one well-formed certificate.
 */
export function parseSshCertificateBlob(
  bytes: Uint8Array,
  parseKey: (blob: Uint8Array) => SshPublicKey = parsePublicKeyBlob,
): SshCertificate {
  const blob = new Uint8Array(bytes);
  const reader: SshReader = new SshReader(blob, "SSH certificate");
  if (blob.length > MAX_CERTIFICATE_BYTES) reader.fail("is too long");
  const type = keyTypeOf(reader);
  reader.string();
  const keyStart = reader.position;
  readKeyFields(type, reader);
  const keyFields = blob.subarray(keyStart, reader.position);
  const serial = reader.uint64();
  const kind = kindOf(reader);
  const keyId = reader.text();
  const principals = readPrincipals(reader.string());
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()];
  const criticalOptions = readOptions(reader.string());
  const extensions = readOptions(reader.string());
  reader.string();
  const caKey = reader.string();
  const signedBytes = blob.subarray(0, reader.position);
  const signature = reader.string();
  reader.end();
  return {
    kind,
    serial,
    keyId,
    principals,
    validAfterMs: Number(validAfter) * 1000,
    validBeforeMs: validBefore === FOREVER ? Infinity : Number(validBefore) * 1000,
    criticalOptions,
    extensions,
    publicKey: parseKey(new SshWriter().string(type).raw(keyFields).bytes()),
    caKey: parseKey(caKey),
    blob,
    signedBytes,
    signature,
  };
}

/** The line without newline: type, one space, base64, and the comment if one is given. */
export function formatSshCertificate(certificate: SshCertificate, comment = ""): string {
  const type = certificate.publicKey.type + CERTIFICATE_TYPE_SUFFIX;
  return `${type} ${certificate.blob.toBase64()}${comment === "" ? "" : ` ${comment}`}`;
}

function keyTypeOf(reader: SshReader): SshKeyType {
  const name = reader.text();
  const type = name.endsWith(CERTIFICATE_TYPE_SUFFIX)
    ? name.slice(0, -CERTIFICATE_TYPE_SUFFIX.length)
    : "";
  if (!isSshKeyType(type)) reader.fail("is of a type that is not accepted");
  return type;
}

function kindOf(reader: SshReader): SshCertificateKind {
  const number = reader.uint32();
  if (number === CERTIFICATE_KINDS.user) return "user";
  if (number === CERTIFICATE_KINDS.host) return "host";
  reader.fail("is neither for a user nor for a host");
}

function readPrincipals(bytes: Uint8Array): string[] {
  const reader: SshReader = new SshReader(bytes, "list of principals in an SSH certificate");
  const principals: string[] = [];
  while (!reader.done) {
    if (principals.length === MAX_PRINCIPALS) reader.fail(`has more than ${MAX_PRINCIPALS} names`);
    principals.push(reader.text());
  }
  return principals;
}

function readOptions(bytes: Uint8Array): Record<string, string> {
  const reader: SshReader = new SshReader(bytes, "list of options in an SSH certificate");
  const options: Record<string, string> = Object.create(null);
  let last: string | undefined;
  for (let count = 0; !reader.done; count++) {
    if (count === MAX_OPTIONS) reader.fail(`has more than ${MAX_OPTIONS} entries`);
    const name = reader.text();
    if (last !== undefined && compareNames(last, name) >= 0) reader.fail("is not sorted");
    last = name;
    const data = new SshReader(reader.string(), `option of an SSH certificate`);
    options[name] = data.done ? "" : data.text();
    data.end();
  }
  return options;
}

/** Order of option names: by their bytes, as OpenSSH sorts them. */
export function compareNames(a: string, b: string): number {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const at = left.findIndex((byte, i) => byte !== right[i]);
  if (at === -1) return left.length - right.length;
  return left[at]! - (right[at] ?? -1);
}
