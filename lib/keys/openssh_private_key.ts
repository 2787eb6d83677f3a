import { createPrivateKey, type KeyObject } from "node:crypto";
import { ToolError } from "../errors/mod.ts";
import { sshPublicKeyOf } from "./public_key.ts";
import { SshWriter } from "./ssh_wire.ts";

/** Bytes that the private section is padded to when there is no cipher. */
const BLOCK_BYTES = 8;

/** Characters of one line of the PEM body, as ssh-keygen writes it. */
const PEM_COLUMNS = 70;

/**
 * An Ed25519 private key in OpenSSH's own form, not encrypted, for `ssh-add` and host key files (PROTOCOL.key):
 *
 *     "openssh-key-v1\0" | string cipher "none" | string kdf "none" | string kdf options "" | uint32 1
 *     | string public key blob | string private section
 *
 * with the private section
 *
 *     uint32 check | uint32 check | string "ssh-ed25519" | string public (32) | string seed + public (64)
 *     | string comment | padding 1, 2, 3 …
 *
 * @param key A KeyObject, or PKCS #8 in PEM.
 * @param check Any 32 bits; both copies only tell a wrong password from a right one.
 * @throws {ToolError} `bad_parameter` when it is not an Ed25519 private key.
 */
export function openSshPrivateKey(
  key: KeyObject | string,
  { comment = "", check = 0 }: { comment?: string; check?: number } = {},
): string {
  const secret = typeof key === "string" ? createPrivateKey(key) : key;
  if (secret.type !== "private" || secret.asymmetricKeyType !== "ed25519") {
    throw new ToolError("bad_parameter", "not an Ed25519 private key");
  }
  const { d, x } = secret.export({ format: "jwk" });
  const seed = Uint8Array.fromBase64(d ?? "", { alphabet: "base64url" });
  const point = Uint8Array.fromBase64(x ?? "", { alphabet: "base64url" });
  const inner = new SshWriter().uint32(check).uint32(check).string("ssh-ed25519").string(point)
    .string(new SshWriter().raw(seed).raw(point).bytes()).string(comment);
  const unpadded = inner.bytes().length;
  for (let pad = 1; (unpadded + pad - 1) % BLOCK_BYTES !== 0; pad++) inner.byte(pad);

  const outer = new SshWriter().raw(new TextEncoder().encode("openssh-key-v1\0"))
    .string("none").string("none").string("").uint32(1)
    .string(sshPublicKeyOf(secret).blob).string(inner.bytes());
  const body = outer.bytes().toBase64().match(new RegExp(`.{1,${PEM_COLUMNS}}`, "g"))!.join("\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
