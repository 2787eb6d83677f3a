import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { canonicalKeyLine, headlessId, isHeadlessId } from "./mod.ts";

// Made with github.com/google/uuid 1.3.0: uuid.NewHash(sha256.New(), uuid.Nil, line + "\n", 5).
const VECTORS: [line: string, id: string][] = [
  [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
    "cb483ac7-2386-5991-9b89-9373500afe25",
  ],
  [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
    "0a74f002-15b2-5a09-9e04-7e28db511650",
  ],
];

Deno.test("headlessId() agrees with Go's uuid.NewHash", () => {
  for (const [line, id] of VECTORS) assert.equal(headlessId(line), id);
});

Deno.test("headlessId() is that of the line with newline and without comment", () => {
  const [line, id] = VECTORS[0]!;
  for (
    const form of [
      `${line}\n`,
      `${line}\r\n`,
      `${line} alice@laptop`,
      `${line} two words\n`,
      `  ${line}`,
    ]
  ) {
    assert.equal(headlessId(form), id);
  }
  // What the server of the same name answers 403 to: the id of the line without its newline.
  assert.notEqual(id, "9e2c7bca-d5ff-5eaf-9ae9-d4e551d1871b");
});

Deno.test("headlessId() refuses what is not one line with a key", () => {
  const [line] = VECTORS[0]!;
  const bad = [
    "",
    "ssh-ed25519",
    "ssh-ed25519 ",
    `${line}\n${line}\n`,
    `${line}\n\n`,
    "ssh-ed25519 a!b",
    "x".repeat(9000),
  ];
  for (const text of bad) assert.throws(() => headlessId(text), { code: "bad_parameter" });
});

Deno.test("headlessId() is a headless id, and another one for another key", () => {
  const base64 = fc.uint8Array({ minLength: 1, maxLength: 600 }).map((bytes) => bytes.toBase64());
  fc.assert(fc.property(base64, base64, (a, b) => {
    assert.ok(isHeadlessId(headlessId(`ssh-rsa ${a}`)));
    assert.equal(headlessId(`ssh-rsa ${a}`) === headlessId(`ssh-rsa ${b}`), a === b);
  }));
});

Deno.test("headlessId() is the start of SHA-256 over the nil UUID and the canonical line", () => {
  fc.assert(fc.property(fc.base64String({ minLength: 4 }), (key) => {
    const hash = createHash("sha256").update(new Uint8Array(16)).update(`ssh-rsa ${key}\n`).digest(
      "hex",
    );
    const id = headlessId(`ssh-rsa ${key} comment`).replaceAll("-", "");
    assert.equal(id.slice(0, 12), hash.slice(0, 12));
    assert.equal(id.slice(13, 16), hash.slice(13, 16));
    assert.equal(id.slice(17), hash.slice(17, 32));
  }));
});

Deno.test("isHeadlessId() takes only the one form", () => {
  assert.ok(isHeadlessId("86172f78-af7c-5935-a7c1-ed06b94f17dc"));
  for (
    const id of [
      "",
      "86172F78-AF7C-5935-A7C1-ED06B94F17DC",
      "864cccd9-2425-46d9-a9f2-636387e66ebf",
      "86172f78-af7c-5935-c7c1-ed06b94f17dc",
      "86172f78-af7c-5935-a7c1-ed06b94f17dc\n",
      "../86172f78-af7c-5935-a7c1-ed06b94f17dc",
    ]
  ) assert.ok(!isHeadlessId(id), id);
});

Deno.test("canonicalKeyLine() changes nothing but comment and white space", () => {
  assert.equal(canonicalKeyLine("ssh-rsa\tAAAA  comment"), "ssh-rsa AAAA\n");
  assert.equal(
    canonicalKeyLine("sk-ssh-ed25519@openssh.com AA=="),
    "sk-ssh-ed25519@openssh.com AA==\n",
  );
});
