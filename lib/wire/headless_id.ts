import { createHash } from "node:crypto";
import { ToolError } from "../errors/mod.ts";

/** Longest authorized_keys line that is looked at, in characters: an RSA key of 16,384 bits has about 2,800. */
const MAX_LINE_LENGTH = 8192;

/**
 * The id of a headless request, which only the holder of the key can use: the server computes it again from the key that
 * it is asked to certify.
 *
 * SHA-256 over
 *
 *     byte[16] zero (the nil UUID as name space) | key type | " " | base64 | "\n"
 *
 * of which the first 16 bytes are the UUID, with version 5 and the RFC 4122 variant written over its bits. It is not an
 * RFC 4122 version 5 UUID, which would take SHA-1.
 *
 * @param sshPublicKey An authorized_keys line. A comment and the newline do not count: the id is always that of the line
 * without comment and with one newline, which is what must be sent as the key, too.
 * @returns Lower-case UUID.
 * @throws {ToolError} `bad_parameter` when the line has no key type and key.
 */
export function headlessId(sshPublicKey: string): string {
  const hash = createHash("sha256");
  hash.update(new Uint8Array(16));
  hash.update(canonicalKeyLine(sshPublicKey));
  const id = new Uint8Array(hash.digest().subarray(0, 16));
  id[6] = (id[6]! & 0x0f) | 0x50;
  id[8] = (id[8]! & 0x3f) | 0x80;
  const hex = id.toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}

/** Whether `s` has the form of a headless id: a lower-case UUID with version 5 and variant 10. */
export function isHeadlessId(s: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(s);
}

/**
 * The line that is hashed and sent: key type, one space, base64, newline. Only the form is looked at; whether the key is
 * a good one is for `lib/keys` to say.
 *
 * @throws {ToolError} `bad_parameter` when the line has no key type and key.
 */
export function canonicalKeyLine(sshPublicKey: string): string {
  const match = sshPublicKey.length > MAX_LINE_LENGTH
    ? null
    : /^[ \t]*([A-Za-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t][^\r\n]*)?\r?\n?$/.exec(
      sshPublicKey,
    );
  if (match === null) {
    throw new ToolError("bad_parameter", "SSH public key is not one authorized_keys line");
  }
  return `${match[1]} ${match[2]}\n`;
}
