import type { JsonWebKey, KeyObject } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import { nodeCrypto } from "./node_crypto.ts";
import { SshReader, SshWriter } from "./ssh_wire.ts";

/** Names of the public key algorithms that are taken (RFC 8709 §4, RFC 5656 §3.1, RFC 4253 §6.6). */
export type SshKeyType =
  | "ssh-ed25519"
  | "ecdsa-sha2-nistp256"
  | "ecdsa-sha2-nistp384"
  | "ecdsa-sha2-nistp521"
  | "ssh-rsa";

/** A public key in SSH's form. */
export interface SshPublicKey {
  /** Name of the algorithm. */
  type: SshKeyType;
  /** `string type | …` as RFC 4253 §6.6 lays it out: what the base64 of an authorized_keys line holds. */
  blob: Uint8Array<ArrayBuffer>;
}

/** Bounds of an RSA modulus in bits: below is too weak (NIST SP 800-131A), above is only good for wasting time. */
const RSA_MIN_BITS = 2048;
const RSA_MAX_BITS = 8192;

/** Longest RSA public exponent in bytes; OpenSSL's tools make 65537. */
const RSA_MAX_EXPONENT_BYTES = 4;

/** A curve: its SSH name (RFC 5656 §10.1), its JWK name (RFC 7518 §6.2.1.1) and the bytes of one coordinate. */
interface Curve {
  ssh: string;
  jwk: string;
  coordinateBytes: number;
}

const CURVES: Partial<Record<SshKeyType, Curve>> = {
  "ecdsa-sha2-nistp256": { ssh: "nistp256", jwk: "P-256", coordinateBytes: 32 },
  "ecdsa-sha2-nistp384": { ssh: "nistp384", jwk: "P-384", coordinateBytes: 48 },
  "ecdsa-sha2-nistp521": { ssh: "nistp521", jwk: "P-521", coordinateBytes: 66 },
};

/** Whether a key of this type can be read. */
export function isSshKeyType(name: string): name is SshKeyType {
  return name === "ssh-ed25519" || name === "ssh-rsa" || Object.hasOwn(CURVES, name);
}

/** A key's fields in a form that node:crypto takes, read after its type name. */
export function readKeyFields(type: SshKeyType, reader: SshReader): JsonWebKey {
  const curve = CURVES[type];
  if (curve !== undefined) {
    if (reader.text() !== curve.ssh) reader.fail("names another curve than its type");
    const point = reader.string();
    if (point.length !== 1 + 2 * curve.coordinateBytes || point[0] !== 4) {
      reader.fail("has no uncompressed point of its curve");
    }
    const [x, y] = [
      point.subarray(1, 1 + curve.coordinateBytes),
      point.subarray(1 + curve.coordinateBytes),
    ];
    return { kty: "EC", crv: curve.jwk, x: base64Url(x), y: base64Url(y) };
  }
  if (type === "ssh-rsa") {
    const [e, n] = [reader.mpint(), reader.mpint()];
    const bits = n.length * 8 - (n.length === 0 ? 0 : Math.clz32(n[0]!) - 24);
    if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
      reader.fail(`is RSA of ${bits} bits; from ${RSA_MIN_BITS} to ${RSA_MAX_BITS} are accepted`);
    }
    const exponent = e.reduce((value, byte) => value * 256 + byte, 0);
    if (e.length > RSA_MAX_EXPONENT_BYTES || exponent < 3 || exponent % 2 === 0) {
      reader.fail("is RSA with an exponent that is not accepted");
    }
    return { kty: "RSA", e: base64Url(e), n: base64Url(n) };
  }
  const key = reader.string();
  if (key.length !== 32) reader.fail("is Ed25519 but not of 32 bytes");
  return { kty: "OKP", crv: "Ed25519", x: base64Url(key) };
}

/** The reverse of {@linkcode readKeyFields}: what follows the type name. */
export function writeKeyFields(jwk: JsonWebKey, writer: SshWriter): void {
  const field = (name: "x" | "y" | "e" | "n") => {
    const value = jwk[name];
    if (value === undefined) throw new ToolError("bad_parameter", "public key lacks a field");
    return Uint8Array.fromBase64(value, { alphabet: "base64url" });
  };
  const curve = Object.values(CURVES).find((curve) => jwk.kty === "EC" && curve.jwk === jwk.crv);
  if (curve !== undefined) {
    writer.string(curve.ssh).string(
      new SshWriter().byte(4).raw(field("x")).raw(field("y")).bytes(),
    );
  } else if (jwk.kty === "RSA") {
    writer.mpint(field("e")).mpint(field("n"));
  } else {
    writer.string(field("x"));
  }
}

/**
 * Reads a public key blob.
 *
 * @throws {ToolError} `bad_parameter` when it is not exactly one key of an accepted type and size.
 */
export function parsePublicKeyBlob(blob: Uint8Array): SshPublicKey {
  const { key, jwk } = readBlob(blob);
  toKeyObject(jwk);
  return key;
}

/**
 * Reads a public key blob as {@linkcode parsePublicKeyBlob} does, but does not ask whether a point is on its curve: for those who
 * only compare keys, or whose next step asks that.
 *
 * @throws {ToolError} `bad_parameter` when it is not exactly one key of an accepted type and size.
 */
export function readPublicKeyBlob(blob: Uint8Array): SshPublicKey {
  return readBlob(blob).key;
}

function readBlob(blob: Uint8Array): { key: SshPublicKey; jwk: JsonWebKey } {
  const reader: SshReader = new SshReader(blob, "SSH public key");
  const type = reader.text();
  if (!isSshKeyType(type)) reader.fail("is of a type that is not accepted");
  const jwk = readKeyFields(type, reader);
  reader.end();
  return { key: { type, blob: new Uint8Array(blob) }, jwk };
}

/**
 * The same key for node:crypto.
 *
 * @throws {ToolError} `bad_parameter` when the blob is not a key, or its point is not on its curve.
 */
export function keyObjectOf(key: SshPublicKey): KeyObject {
  const reader: SshReader = new SshReader(key.blob, "SSH public key");
  reader.string();
  return toKeyObject(readKeyFields(key.type, reader));
}

function toKeyObject(jwk: JsonWebKey): KeyObject {
  try {
    return nodeCrypto().createPublicKey({ key: jwk, format: "jwk" });
  } catch (cause) {
    throw new ToolError("bad_parameter", "SSH public key is not a valid key", { cause });
  }
}

/**
 * The SSH form of a node:crypto key; of a private key, its public half.
 *
 * @throws {ToolError} `bad_parameter` when SSH has no form for it that is accepted here.
 */
export function sshPublicKeyOf(key: KeyObject): SshPublicKey {
  const jwk = (key.type === "private" ? nodeCrypto().createPublicKey(key) : key).export({
    format: "jwk",
  });
  const type = typeOf(jwk);
  if (type === undefined) {
    throw new ToolError("bad_parameter", "public key is of a type that is not accepted");
  }
  const writer = new SshWriter().string(type);
  writeKeyFields(jwk, writer);
  return parsePublicKeyBlob(writer.bytes());
}

function typeOf(jwk: JsonWebKey): SshKeyType | undefined {
  if (jwk.kty === "RSA") return "ssh-rsa";
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") return "ssh-ed25519";
  for (const [type, curve] of Object.entries(CURVES)) {
    if (jwk.kty === "EC" && jwk.crv === curve.jwk && isSshKeyType(type)) return type;
  }
  return undefined;
}

/** `SHA256:` and the hash of the blob in base64 without padding, as `ssh-keygen -l` prints it. */
export function fingerprint(key: SshPublicKey): string {
  return `SHA256:${
    nodeCrypto().createHash("sha256").update(key.blob).digest("base64").replace(/=+$/, "")
  }`;
}

/** Whether two keys are the same key. */
export function samePublicKey(a: SshPublicKey, b: SshPublicKey): boolean {
  return a.blob.length === b.blob.length && a.blob.every((byte, i) => byte === b.blob[i]);
}

function base64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Hash that goes with each curve (RFC 5656 §6.2.1). */
export const ECDSA_HASHES = {
  "ecdsa-sha2-nistp256": "sha256",
  "ecdsa-sha2-nistp384": "sha384",
  "ecdsa-sha2-nistp521": "sha512",
} as const;
