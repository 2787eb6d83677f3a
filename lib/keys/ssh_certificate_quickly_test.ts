import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import fc from "fast-check";
import {
  parseSshCertificateBlob,
  readPublicKeyBlob,
  verifySshCertificateQuickly,
} from "./light/mod.ts";
import {
  generateKeyPair,
  issueSshCertificate,
  parseAuthorizedKey,
  sshPublicKeyOf,
  verifySshCertificate,
} from "./mod.ts";

const NOW = Date.UTC(2026, 0, 15, 12);

function issue(caKey: KeyObject): Uint8Array {
  return issueSshCertificate({
    kind: "user",
    serial: 1n,
    keyId: "alice",
    principals: ["root"],
    validAfterMs: NOW - 60_000,
    validBeforeMs: NOW + 60_000,
    criticalOptions: {},
    extensions: {},
    publicKey: parseAuthorizedKey(generateKeyPair().sshPublicKey),
    caKey,
    nonce: randomBytes(32),
  }).blob;
}

const AUTHORITIES: Record<string, KeyObject> = {
  Ed25519: generateKeyPairSync("ed25519").privateKey,
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  RSA: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
};

for (const [name, key] of Object.entries(AUTHORITIES)) {
  Deno.test(`verifySshCertificateQuickly() says of certificates by ${name} what verifySshCertificate() says`, async () => {
    const blob = issue(key);
    const both = async (bytes: Uint8Array, changes = {}) => {
      const expectation = {
        caKeys: [sshPublicKeyOf(key)],
        kind: "user" as const,
        principal: "root",
        nowMs: NOW,
        ...changes,
      };
      const told = (error: unknown) => error instanceof Error ? error.message : String(error);
      let slowly = "good";
      let quickly = "good";
      const certificate = parseSshCertificateBlob(bytes, readPublicKeyBlob);
      try {
        verifySshCertificate(certificate, expectation);
      } catch (error) {
        slowly = told(error);
      }
      await verifySshCertificateQuickly(certificate, expectation).catch((error) =>
        quickly = told(error)
      );
      assert.equal(quickly, slowly);
      return quickly;
    };
    assert.equal(await both(blob), "good");
    assert.match(await both(blob, { nowMs: NOW + 60_000 }), /expired/);
    assert.match(await both(blob, { principal: "bob" }), /does not name/);
    assert.match(await both(blob, { kind: "host" }), /not for a host/);
    assert.match(await both(blob, { caKeys: [] }), /unknown certificate authority/);
    const { signature } = parseSshCertificateBlob(blob);
    const end = blob.length;
    // Every byte of the signature's value counts; those before it say what it is.
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: end - signature.length + 30, max: end - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const bytes = blob.slice();
          bytes[at]! ^= flip;
          assert.match(await both(bytes), /wrong signature/);
        },
      ),
      { numRuns: 50 },
    );
  });
}
