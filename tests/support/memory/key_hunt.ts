/**
 * Finds the private key of a waiting `tsh` in its memory, knowing only the request's id.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, createPrivateKey } from "node:crypto";
import { formatAuthorizedKey, sshPublicKeyOf } from "../../../lib/keys/mod.ts";
import { headlessId } from "../../../lib/wire/mod.ts";
import { type Found, readMemory, scanProcess } from "./scan.ts";

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 §7). */
const PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SEED_BYTES = 32;

/** Where the key of a process is. */
export interface Hunted {
  /** The 32 bytes. */
  seed: Uint8Array;
  /** All of its copies, in whatever form. */
  copies: Found[];
  /** Those that are in pages which may be swapped. */
  unlocked: Found[];
}

/**
 * Looks for PKCS #8 whose public key has the id; then for that key in all forms that anybody might keep it in.
 *
 * @throws {Error} When the key is nowhere.
 */
export function huntKey(pid: number, id: string): Hunted {
  for (const { address } of scanProcess(pid, { PREFIX })) {
    const seed = readMemory(pid, address + PREFIX.length, SEED_BYTES);
    if (seed.length < SEED_BYTES || idOf(seed) !== id) continue;
    const copies = scanProcess(pid, formsOf(seed));
    return { seed, copies, unlocked: copies.filter(({ mapping }) => !mapping.flags.has("lo")) };
  }
  throw new Error(`process ${pid} does not hold the key of ${id}`);
}

function idOf(seed: Uint8Array): string | undefined {
  try {
    return headlessId(formatAuthorizedKey(sshPublicKeyOf(createPrivateKey({
      key: Buffer.concat([PREFIX, seed]),
      format: "der",
      type: "pkcs8",
    }))));
  } catch {
    return undefined;
  }
}

/** As bytes, halves of it, what RFC 8032 §5.1.5 derives from it, as text of one and two bytes a character. */
function formsOf(seed: Uint8Array): Record<string, Uint8Array> {
  const hash = createHash("sha512").update(seed).digest();
  const pem = Buffer.concat([PREFIX, seed]).toString("base64").slice(24, 60);
  const jwk = Buffer.from(seed).toString("base64url").slice(0, 36);
  const hex = Buffer.from(seed).toString("hex");
  return {
    seed,
    // The clamped scalar: all but its first and last byte are the hash's.
    scalar: hash.subarray(1, 31),
    nonce: hash.subarray(32),
    pem: Buffer.from(pem, "latin1"),
    pemWide: Buffer.from(pem, "utf16le"),
    jwk: Buffer.from(jwk, "latin1"),
    jwkWide: Buffer.from(jwk, "utf16le"),
    hex: Buffer.from(hex, "latin1"),
    hexWide: Buffer.from(hex, "utf16le"),
  };
}
