import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { SESSION_KEY_BYTES, SessionKey } from "./session_key.ts";
import { SshReader } from "./ssh_wire.ts";

/** Memory whose randomness is known: the secret key of RFC 8032 §7.1, test 1. */
function knownMemory() {
  const seed = Uint8Array.fromHex(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  );
  return {
    bytes: new Uint8Array(SESSION_KEY_BYTES),
    fillRandom: (part: Uint8Array<ArrayBuffer>) => part.set(seed),
  };
}

Deno.test("SessionKey is RFC 8032's key pair when the randomness is", () => {
  const key = new SessionKey(knownMemory());
  const { x } = createPublicKey(key.publicKeyPem).export({ format: "jwk" });
  assert.equal(
    Uint8Array.fromBase64(x!, { alphabet: "base64url" }).toHex(),
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
  assert.match(key.sshPublicKey, /^ssh-ed25519 AAAA\S+$/);
});

Deno.test("SessionKey's PEM is the one that node:crypto would write, and lies in the memory given", () => {
  const memory = knownMemory();
  const { privateKeyPem } = new SessionKey(memory);
  assert.equal(privateKeyPem.buffer, memory.bytes.buffer);
  const text = new TextDecoder().decode(privateKeyPem);
  assert.equal(text, createPrivateKey(text).export({ type: "pkcs8", format: "pem" }));
});

Deno.test("SessionKey signs in SSH's form", () => {
  const key = new SessionKey();
  const data = new TextEncoder().encode("to be signed");
  const reader: SshReader = new SshReader(key.sign(data), "signature");
  assert.equal(reader.text(), "ssh-ed25519");
  assert.ok(verify(null, data, key.publicKeyPem, reader.string()));
  reader.end();
});

Deno.test("SessionKey's patterns are views of all forms of the secret, and of nothing that others hold too", () => {
  const memory = knownMemory();
  const [seed, body, ...more] = new SessionKey(memory).patterns;
  assert.deepEqual(more, []);
  assert.equal(seed!.toHex(), "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const pem = new TextDecoder().decode(body);
  assert.equal(pem.length, 40);
  // 24 characters are 18 bytes: the prefix and two bytes of the key.
  assert.deepEqual(Uint8Array.fromBase64(pem), seed!.slice(2));
});

Deno.test("SessionKey.wipe() leaves nothing of the secret in its memory", () => {
  const memory = knownMemory();
  new SessionKey(memory).wipe();
  assert.ok(memory.bytes.every((byte) => byte === 0));
});

Deno.test("SessionKey is another one each time", () => {
  assert.notEqual(new SessionKey().sshPublicKey, new SessionKey().sshPublicKey);
});
