import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import {
  formatAuthorizedKey,
  formatSshCertificate,
  generateKeyPair,
  type IssueSshCertificate,
  issueSshCertificate,
  parseAuthorizedKey,
  parseSshCertificate,
  parseSshCertificateBlob,
  type SshCertificate,
  sshPublicKeyOf,
  verifySshCertificate,
  verifySshSignature,
} from "./mod.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 30);
const pair = generateKeyPair();
const ca = generateKeyPairSync("ed25519").privateKey;

function issue(changes: Partial<IssueSshCertificate> = {}): SshCertificate {
  return issueSshCertificate({
    kind: "user",
    serial: 42n,
    keyId: "alice",
    principals: ["root", "alice"],
    validAfterMs: NOW - 60_000,
    validBeforeMs: NOW + 60_000,
    criticalOptions: {},
    extensions: {
      "permit-pty": "",
      "teleport-roles": '{"roles":["access"]}',
      "login-ip": "127.0.0.1",
    },
    publicKey: parseAuthorizedKey(pair.sshPublicKey),
    caKey: ca,
    nonce: crypto.getRandomValues(new Uint8Array(32)),
    ...changes,
  });
}

const trust = (key: KeyObject = ca) => ({
  caKeys: [sshPublicKeyOf(key)],
  kind: "user" as const,
  nowMs: NOW,
});

async function inDirectory(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "latchkey-certs-" });
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function sshKeygen(dir: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command("ssh-keygen", {
    args,
    cwd: dir,
    stdin: "null",
    env: { TZ: "UTC" },
  });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("issueSshCertificate() makes what ssh-keygen -L reads back field by field", () =>
  inDirectory(async (dir) => {
    const certificate = issue({
      criticalOptions: { "source-address": "127.0.0.1/32", "force-command": "true" },
    });
    await Deno.writeTextFile(
      `${dir}/cert.pub`,
      formatSshCertificate(certificate, "comment") + "\n",
    );
    const text = (await sshKeygen(dir, "-L", "-f", "cert.pub")).replaceAll(
      /SHA256:\S+/g,
      "SHA256:…",
    );
    assert.equal(
      text,
      `cert.pub:
        Type: ssh-ed25519-cert-v01@openssh.com user certificate
        Public key: ED25519-CERT SHA256:…
        Signing CA: ED25519 SHA256:… (using ssh-ed25519)
        Key ID: "alice"
        Serial: 42
        Valid: from 2026-11-23T11:59:30 to 2026-11-23T12:01:30
        Principals: 
                root
                alice
        Critical Options: 
                force-command true
                source-address 127.0.0.1/32
        Extensions: 
                login-ip UNKNOWN OPTION: 000000093132372e302e302e31 (len 13)
                permit-pty
                teleport-roles UNKNOWN OPTION: 000000147b22726f6c6573223a5b22616363657373225d7d (len 24)
`,
    );
  }));

Deno.test("a certificate survives being written and read", () => {
  const certificate = issue({
    kind: "host",
    principals: ["server01", "127.0.0.1"],
    validBeforeMs: Infinity,
  });
  assert.deepEqual(parseSshCertificate(formatSshCertificate(certificate) + "\n"), certificate);
  assert.equal(certificate.validBeforeMs, Infinity);
  assert.equal(formatAuthorizedKey(certificate.publicKey), pair.sshPublicKey);
  verifySshCertificate(certificate, { ...trust(), kind: "host", principal: "server01" });
});

Deno.test.each([
  { name: "Ed25519", key: () => generateKeyPairSync("ed25519").privateKey },
  { name: "P-256", key: () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey },
  { name: "P-384", key: () => generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey },
  { name: "RSA-2048", key: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey },
])("a $name CA signs what it and ssh-keygen accept", ({ key }) =>
  inDirectory(async (dir) => {
    const caKey = key();
    const certificate = issue({ caKey });
    verifySshCertificate(certificate, trust(caKey));
    // ssh-keygen -L checks the signature before it prints anything.
    await Deno.writeTextFile(`${dir}/cert.pub`, formatSshCertificate(certificate));
    assert.match(await sshKeygen(dir, "-L", "-f", "cert.pub"), /Key ID: "alice"/);
  }));

Deno.test.each([
  { ca: ["-t", "ed25519"], key: ["-t", "rsa", "-b", "2048"] },
  { ca: ["-t", "rsa", "-b", "3072"], key: ["-t", "ed25519"] },
  { ca: ["-t", "ecdsa", "-b", "256"], key: ["-t", "ecdsa", "-b", "384"] },
  { ca: ["-t", "ecdsa", "-b", "384"], key: ["-t", "ecdsa", "-b", "521"] },
  { ca: ["-t", "ecdsa", "-b", "521"], key: ["-t", "ecdsa", "-b", "256"] },
])(
  "verifySshCertificate() accepts what ssh-keygen signed: CA $ca, key $key",
  ({ ca, key }) =>
    inDirectory(async (dir) => {
      await sshKeygen(dir, "-q", ...ca, "-N", "", "-f", "ca");
      await sshKeygen(dir, "-q", ...key, "-N", "", "-f", "key");
      await sshKeygen(
        dir,
        "-q",
        "-s",
        "ca",
        "-I",
        "id",
        "-n",
        "root,bob",
        "-z",
        "7",
        "-V",
        "20261123115900Z:20261123130000Z",
        "-O",
        "force-command=/bin/true",
        "-O",
        "extension:x@y=value",
        "key.pub",
      );
      const certificate = parseSshCertificate(await Deno.readTextFile(`${dir}/key-cert.pub`));
      const caKey = parseAuthorizedKey(await Deno.readTextFile(`${dir}/ca.pub`));
      const expectation = {
        caKeys: [caKey],
        kind: "user" as const,
        nowMs: NOW,
        knownCriticalOptions: ["force-command"],
      };
      verifySshCertificate(certificate, { ...expectation, principal: "bob" });
      assert.equal(certificate.serial, 7n);
      assert.deepEqual(certificate.principals, ["root", "bob"]);
      assert.deepEqual({ ...certificate.criticalOptions }, { "force-command": "/bin/true" });
      assert.equal(certificate.extensions["x@y"], "value");
      assert.equal(certificate.extensions["permit-pty"], "");
      assert.throws(
        () => verifySshCertificate(certificate, { ...expectation, knownCriticalOptions: [] }),
        { code: "trust" },
      );
    }),
);

Deno.test("verifySshCertificate() refuses with the reason", () => {
  const certificate = issue();
  const other = generateKeyPairSync("ed25519").privateKey;
  const refusals: [
    changes: Partial<Parameters<typeof verifySshCertificate>[1]>,
    code: string,
    message: RegExp,
  ][] = [
    [{ caKeys: [] }, "trust", /unknown certificate authority/],
    [{ caKeys: [sshPublicKeyOf(other)] }, "trust", /unknown certificate authority/],
    [{ kind: "host" }, "trust", /for a user, not for a host/],
    [{ principal: "bob" }, "trust", /does not name "bob"/],
    [{ nowMs: certificate.validAfterMs - 1 }, "expired", /not valid yet/],
    [{ nowMs: certificate.validBeforeMs }, "expired", /has expired/],
  ];
  for (const [changes, code, message] of refusals) {
    assert.throws(() => verifySshCertificate(certificate, { ...trust(), ...changes }), {
      code,
      message,
    });
  }
  verifySshCertificate(certificate, { ...trust(), nowMs: certificate.validAfterMs });
});

Deno.test("no changed byte of a certificate is accepted", () => {
  const { blob } = issue();
  fc.assert(
    fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = new Uint8Array(blob);
      changed[at]! ^= change;
      assert.throws(
        () => verifySshCertificate(parseSshCertificateBlob(changed), trust()),
        (error: { code?: string }) =>
          error.code === "bad_parameter" || error.code === "trust" || error.code === "expired",
      );
    }),
    { numRuns: 500 },
  );
});

Deno.test("no truncated certificate is read", () => {
  const { blob } = issue();
  for (let length = 0; length < blob.length; length++) {
    assert.throws(() => parseSshCertificateBlob(blob.subarray(0, length)), {
      code: "bad_parameter",
    });
  }
  assert.throws(() => parseSshCertificateBlob(new Uint8Array([...blob, 0])), {
    code: "bad_parameter",
  });
});

Deno.test("parseSshCertificate() never throws anything but bad_parameter", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const start = issue().blob.subarray(0, 100);
    for (const blob of [bytes, new Uint8Array([...start, ...bytes])]) {
      assert.throws(() => parseSshCertificateBlob(blob), { code: "bad_parameter" });
    }
  }));
  const line = formatSshCertificate(issue());
  for (
    const bad of ["", "x", line.replace("ssh-ed25519", "ssh-rsa"), `${line}\n${line}`, `${line}=`]
  ) {
    assert.throws(() => parseSshCertificate(bad), { code: "bad_parameter" });
  }
});

Deno.test("issueSshCertificate() makes nothing that speaks for everybody or never", () => {
  for (
    const changes of [
      { principals: [] },
      { principals: [""] },
      { validBeforeMs: NOW - 60_000 },
      { validAfterMs: NaN },
      { nonce: new Uint8Array(16) },
    ]
  ) assert.throws(() => issue(changes), { code: "bad_parameter" });
});

Deno.test("verifySshSignature() takes neither SHA-1 nor another algorithm's name", () => {
  const { signedBytes, signature, caKey } = issue();
  assert.ok(verifySshSignature(caKey, signedBytes, signature));
  const renamed = new Uint8Array(signature);
  renamed.set(new TextEncoder().encode("ssh-ed25518"), 4);
  assert.ok(!verifySshSignature(caKey, signedBytes, renamed));
  assert.ok(!verifySshSignature(caKey, signedBytes, signature.subarray(0, 40)));
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const byRsa = issue({ caKey: rsa });
  const sha1Name = new TextDecoder("latin1").decode(byRsa.signature).replace(
    "rsa-sha2-512",
    "ssh-rsa",
  );
  const sha1 = Uint8Array.from(sha1Name, (c) => c.charCodeAt(0));
  sha1[3] = "ssh-rsa".length;
  assert.ok(!verifySshSignature(byRsa.caKey, byRsa.signedBytes, sha1));
});

Deno.test("a certificate for a key pair made here carries that key", () => {
  const key = sshPublicKeyOf(createPrivateKey(pair.privateKeyPem));
  assert.deepEqual(issue().publicKey, key);
});
