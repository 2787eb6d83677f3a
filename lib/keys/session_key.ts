import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { formatAuthorizedKey } from "./authorized_key.ts";
import { sshPublicKeyOf } from "./public_key.ts";
import { signSsh } from "./ssh_certificate_issue.ts";

/** Memory for one key, chosen by who makes it. */
export interface KeyMemory {
  /** At least {@linkcode SESSION_KEY_BYTES}. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Fills part of it with randomness from the operating system. */
  fillRandom(part: Uint8Array<ArrayBuffer>): void;
}

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 §7): version 0, algorithm 1.3.101.112, two octet strings. */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SEED_BYTES = 32;
const DER_BYTES = PKCS8_PREFIX.length + SEED_BYTES;
const PEM_LABEL = "PRIVATE KEY";
const PEM_HEAD = `-----BEGIN ${PEM_LABEL}-----\n`;
const PEM_TAIL = `\n-----END ${PEM_LABEL}-----\n`;
const BODY_CHARACTERS = DER_BYTES / 3 * 4;
/** Characters of the body that hold the prefix and two bytes of the key: no other key has the rest. */
const PREFIX_CHARACTERS = 24;

/** Bytes that a key takes in its memory: PKCS #8 as DER, and again as PEM. */
export const SESSION_KEY_BYTES: number = DER_BYTES + PEM_HEAD.length + BODY_CHARACTERS +
  PEM_TAIL.length;

/**
 * The Ed25519 key pair (RFC 8032) of one command. The private half lies in memory that the maker chose, and is nowhere else
 * in a form that lasts: node:crypto and TLS make copies of their own when they use it.
 */
export class SessionKey {
  /** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), PEM. */
  readonly publicKeyPem: string;
  /** authorized_keys line without comment and newline. */
  readonly sshPublicKey: string;
  /** PKCS #8 (RFC 5958) in PEM: a view, no copy. For TLS alone. */
  readonly privateKeyPem: Uint8Array<ArrayBuffer>;
  readonly #der: Uint8Array<ArrayBuffer>;
  /** Kept, as each one is another copy, wherever the runtime puts it. */
  readonly #key: KeyObject;

  /** Makes a key in `memory`, or in memory of its own. */
  constructor(memory: KeyMemory = ordinaryMemory()) {
    this.#der = memory.bytes.subarray(0, DER_BYTES);
    this.#der.set(PKCS8_PREFIX);
    memory.fillRandom(this.#der.subarray(PKCS8_PREFIX.length));
    this.privateKeyPem = memory.bytes.subarray(DER_BYTES, SESSION_KEY_BYTES);
    writePem(this.#der, this.privateKeyPem);
    const der = Buffer.from(this.#der.buffer, this.#der.byteOffset, DER_BYTES);
    this.#key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(this.#key);
    this.publicKeyPem = publicKey.export({ type: "spki", format: "pem" }) as string;
    this.sshPublicKey = formatAuthorizedKey(sshPublicKeyOf(publicKey));
  }

  /** How copies of the private key look: views of it as bytes, and of the part of the PEM that is the key's alone. */
  get patterns(): Uint8Array<ArrayBuffer>[] {
    const body = this.privateKeyPem.subarray(PEM_HEAD.length, PEM_HEAD.length + BODY_CHARACTERS);
    return [this.#der.subarray(PKCS8_PREFIX.length), body.subarray(PREFIX_CHARACTERS)];
  }

  /** An SSH signature, `string algorithm | string signature` (RFC 8709 §6). */
  sign(data: Uint8Array): Uint8Array {
    return signSsh(this.#key, data);
  }

  /** Wipes the private half in its memory; no connection can be made with it any more. */
  wipe(): void {
    this.#der.fill(0);
    this.privateKeyPem.fill(0);
  }
}

function ordinaryMemory(): KeyMemory {
  return {
    bytes: new Uint8Array(SESSION_KEY_BYTES),
    fillRandom: (part) => void crypto.getRandomValues(part),
  };
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Byte by byte, because text would be garbage that holds the key. The length of `der` is a multiple of three. */
function writePem(der: Uint8Array, pem: Uint8Array): void {
  let at = 0;
  const write = (text: string) => {
    for (let i = 0; i < text.length; i++) pem[at++] = text.charCodeAt(i);
  };
  write(PEM_HEAD);
  for (let i = 0; i < der.length; i += 3) {
    const bits = der[i]! << 16 | der[i + 1]! << 8 | der[i + 2]!;
    for (const shift of [18, 12, 6, 0]) pem[at++] = BASE64.charCodeAt(bits >> shift & 63);
  }
  write(PEM_TAIL);
}
