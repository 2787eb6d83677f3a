import { ToolError } from "../errors/mod.ts";
import { parsePublicKeyBlob, readPublicKeyBlob, type SshPublicKey } from "./public_key.ts";

/** Longest line that is read, in characters: RSA of 8192 bits takes about 1,400, the rest is comment. */
const MAX_LINE_LENGTH = 8192;

/** A public key with the comment that stood behind it. */
export interface AuthorizedKey extends SshPublicKey {
  /** Empty when there is none. */
  comment: string;
}

/**
 * Reads an authorized_keys line: key type, base64, and perhaps a comment (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"). Lines
 * with options before the type are refused, because nothing here would obey them.
 *
 * @throws {ToolError} `bad_parameter` when it is not exactly one line with one key of an accepted type and size.
 *
 * @example
 * ```ts
 * import { generateKeyPair, parseAuthorizedKey } from "./mod.ts";
 * import assert from "node:assert/strict";
 * const { sshPublicKey } = generateKeyPair();
 * assert.equal(parseAuthorizedKey(`${sshPublicKey} alice@laptop\n`).comment, "alice@laptop");
 * ```
 */
export function parseAuthorizedKey(line: string): AuthorizedKey {
  return readLine(line, parsePublicKeyBlob);
}

/**
 * Reads a line as {@linkcode parseAuthorizedKey} does, but does not ask whether a point is on its curve: for a key that is only
 * compared with others.
 *
 * @throws {ToolError} `bad_parameter` when it is not exactly one line with one key of an accepted type and size.
 */
export function readAuthorizedKey(line: string): AuthorizedKey {
  return readLine(line, readPublicKeyBlob);
}

function readLine(line: string, parseKey: (blob: Uint8Array) => SshPublicKey): AuthorizedKey {
  if (line.length > MAX_LINE_LENGTH) {
    throw new ToolError("bad_parameter", "SSH public key is too long");
  }
  const match = /^[ \t]*([A-Za-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+([^\r\n]*))?\r?\n?$/
    .exec(line);
  if (match === null) {
    throw new ToolError(
      "bad_parameter",
      "SSH public key is not one line of type, base64 and comment",
    );
  }
  const [, type, base64, comment = ""] = match;
  const key = parseKey(decodeBase64(base64!));
  if (key.type !== type) {
    throw new ToolError("bad_parameter", "SSH public key is of another type than its line says");
  }
  return { ...key, comment: comment.trim() };
}

/** The line without newline: type, one space, base64, and the comment if one is given. */
export function formatAuthorizedKey(key: SshPublicKey, comment = ""): string {
  if (/[\r\n]/.test(comment)) {
    throw new ToolError("bad_parameter", "comment of an SSH public key has a line break");
  }
  return `${key.type} ${key.blob.toBase64()}${comment === "" ? "" : ` ${comment}`}`;
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch (cause) {
    throw new ToolError("bad_parameter", "SSH public key is not base64", { cause });
  }
}
