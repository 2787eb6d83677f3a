import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import {
  fingerprint,
  formatAuthorizedKey,
  generateKeyPair,
  keyObjectOf,
  openSshPrivateKey,
  parseAuthorizedKey,
  sshPublicKeyOf,
  SshWriter,
} from "./mod.ts";

/** A temporary directory that ssh-keygen works in. */
async function inDirectory(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "latchkey-keys-" });
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function sshKeygen(dir: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("ssh-keygen", {
    args,
    cwd: dir,
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test.each([
  { type: "ed25519", bits: [] as string[], name: "ssh-ed25519" },
  { type: "ecdsa", bits: ["-b", "256"], name: "ecdsa-sha2-nistp256" },
  { type: "ecdsa", bits: ["-b", "384"], name: "ecdsa-sha2-nistp384" },
  { type: "ecdsa", bits: ["-b", "521"], name: "ecdsa-sha2-nistp521" },
  { type: "rsa", bits: ["-b", "2048"], name: "ssh-rsa" },
])(
  "parseAuthorizedKey() reads ssh-keygen's $name key and agrees on its fingerprint",
  ({ type, bits, name }) =>
    inDirectory(async (dir) => {
      await sshKeygen(dir, "-q", "-t", type, ...bits, "-N", "", "-C", "alice@laptop", "-f", "key");
      const line = await Deno.readTextFile(`${dir}/key.pub`);
      const key = parseAuthorizedKey(line);
      assert.equal(key.type, name);
      assert.equal(key.comment, "alice@laptop");
      assert.equal(formatAuthorizedKey(key, key.comment) + "\n", line);
      assert.equal((await sshKeygen(dir, "-l", "-f", "key.pub")).split(" ")[1], fingerprint(key));
      assert.deepEqual(sshPublicKeyOf(keyObjectOf(key)).blob, key.blob);
    }),
);

Deno.test("generateKeyPair() makes one key in three forms that OpenSSH and OpenSSL read", () =>
  inDirectory(async (dir) => {
    const pair = generateKeyPair();
    await Deno.writeTextFile(
      `${dir}/key`,
      openSshPrivateKey(pair.privateKeyPem, { comment: "c", check: 7 }),
      { mode: 0o600 },
    );
    assert.equal(await sshKeygen(dir, "-y", "-f", "key"), `${pair.sshPublicKey} c`);
    await Deno.writeTextFile(`${dir}/pkcs8`, pair.privateKeyPem);
    const { stdout } = await new Deno.Command("openssl", {
      args: ["pkey", "-in", "pkcs8", "-pubout"],
      cwd: dir,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), pair.publicKeyPem);
    assert.notEqual(generateKeyPair().sshPublicKey, pair.sshPublicKey);
  }));

Deno.test("openSshPrivateKey() takes only Ed25519 private keys", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  assert.throws(() => openSshPrivateKey(privateKey), { code: "bad_parameter" });
  assert.throws(() => openSshPrivateKey(generateKeyPairSync("ed25519").publicKey), {
    code: "bad_parameter",
  });
});

const ed25519 = (bytes: Uint8Array, type = "ssh-ed25519") =>
  new SshWriter().string(type).string(bytes).bytes().toBase64();
/** The curve's base point (RFC 8032 §5.1): 32 bytes of anything are seldom a point. */
const GOOD = `ssh-ed25519 ${ed25519(new Uint8Array(32).fill(0x66).fill(0x58, 0, 1))}`;

Deno.test("parseAuthorizedKey() refuses everything that is not one key", () => {
  const p256 = sshPublicKeyOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
  const offCurve = new Uint8Array(p256.blob);
  offCurve[offCurve.length - 1]! ^= 1;
  const base64 = GOOD.split(" ")[1]!;
  const bad = {
    empty: "",
    "no base64": "ssh-ed25519",
    "two lines": `${GOOD}\n${GOOD}\n`,
    "options before the type": `no-pty ${GOOD}`,
    "another type than the blob": `ssh-rsa ${base64}`,
    "unknown type": `ssh-dss ${ed25519(new Uint8Array(32), "ssh-dss")}`,
    "security key type": `sk-ssh-ed25519@openssh.com ${
      ed25519(new Uint8Array(32), "sk-ssh-ed25519@openssh.com")
    }`,
    "31 bytes": `ssh-ed25519 ${ed25519(new Uint8Array(31))}`,
    "33 bytes": `ssh-ed25519 ${ed25519(new Uint8Array(33))}`,
    "bytes after the key": `ssh-ed25519 ${
      new SshWriter().string("ssh-ed25519").string(new Uint8Array(32)).byte(0).bytes().toBase64()
    }`,
    "length past the end": `ssh-ed25519 ${new SshWriter().uint32(0xffffffff).bytes().toBase64()}`,
    "point that is not on the curve": `ecdsa-sha2-nistp256 ${offCurve.toBase64()}`,
    "loose base64 bits": `${p256.type} ${looseBits(p256.blob.toBase64())}`,
    "bad padding": `${GOOD}=`,
    "too long": `${GOOD} ${"x".repeat(9000)}`,
    "weak RSA": `ssh-rsa ${rsa(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)}`,
    "huge RSA": `ssh-rsa ${
      new SshWriter().string("ssh-rsa").mpint(Uint8Array.of(1, 0, 1)).mpint(
        new Uint8Array(1025).fill(255),
      ).bytes()
        .toBase64()
    }`,
    "even RSA exponent": `ssh-rsa ${
      new SshWriter().string("ssh-rsa").mpint(Uint8Array.of(4)).mpint(new Uint8Array(256).fill(255))
        .bytes().toBase64()
    }`,
  };
  for (const [what, line] of Object.entries(bad)) {
    assert.throws(() => parseAuthorizedKey(line), { code: "bad_parameter" }, what);
  }
  assert.equal(parseAuthorizedKey(`${GOOD}\r\n`).comment, "");
});

/** The same bytes with a bit set that no byte uses: the last digit before `=` counts two bits less. */
function looseBits(base64: string): string {
  assert.match(base64, /[AEIMQUYcgkosw048]=$/);
  const digit = base64.at(-2)!;
  return base64.slice(0, -2) + String.fromCharCode(digit.charCodeAt(0) + 1) + "=";
}

function rsa(key: KeyObject): string {
  const { e, n } = key.export({ format: "jwk" });
  const bytes = (s: string) => Uint8Array.fromBase64(s, { alphabet: "base64url" });
  return new SshWriter().string("ssh-rsa").mpint(bytes(e!)).mpint(bytes(n!)).bytes().toBase64();
}

Deno.test("parseAuthorizedKey() never throws anything but bad_parameter", () => {
  const blobs = fc.array(
    fc.oneof(fc.constant("ssh-ed25519"), fc.constant("ssh-rsa"), fc.uint8Array({ maxLength: 80 })),
    {
      maxLength: 4,
    },
  ).map((parts) => parts.reduce((writer, part) => writer.string(part), new SshWriter()).bytes());
  const truncated = fc.tuple(blobs, fc.nat(200)).map(([blob, cut]) => blob.subarray(0, cut));
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(fc.constantFrom("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"), truncated)
      .map(([type, blob]) => `${type} ${blob.toBase64()}`),
  );
  fc.assert(fc.property(line, (text) => {
    try {
      parseAuthorizedKey(text);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "bad_parameter", String(error));
    }
  }));
});

Deno.test("formatAuthorizedKey() lets no comment start another line", () => {
  assert.throws(() => formatAuthorizedKey(parseAuthorizedKey(GOOD), "a\nssh-rsa AAAA"), {
    code: "bad_parameter",
  });
});

Deno.test("EC keys whose coordinates begin with zeros keep their length", () => {
  // One in 128 P-256 keys has a leading zero byte in x or y.
  for (let i = 0; i < 400; i++) {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    assert.equal(sshPublicKeyOf(publicKey).blob.length, 4 + 19 + 4 + 8 + 4 + 65);
  }
});
