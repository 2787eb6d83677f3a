import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { encodeCBOR } from "@levischuck/tiny-cbor";
import fc from "fast-check";
import { isToolError } from "../errors/mod.ts";
import { parseAuthenticatorData } from "./authenticator_data.ts";
import { parseAttestationObject } from "./attestation_object.ts";

const refused = { code: "bad_parameter" };
const KEY = new Uint8Array(encodeCBOR(new Map([[1, 2], [3, -7]])));

function header(flags: number, counter = 7): number[] {
  return [...new Uint8Array(32).fill(0xaa), flags, 0, 0, 0, counter];
}

function attested(credentialId: number[], key: Uint8Array = KEY): number[] {
  const length = [credentialId.length >> 8, credentialId.length & 0xff];
  return [...new Uint8Array(16).fill(0xbb), ...length, ...credentialId, ...key];
}

Deno.test("parseAuthenticatorData() reads flags and counter", () => {
  const data = parseAuthenticatorData(new Uint8Array(header(0x01 | 0x08 | 0x10)));
  equal(data.userPresent, true);
  equal(data.userVerified, false);
  equal(data.backupEligible, true);
  equal(data.backedUp, true);
  equal(data.signatureCounter, 7);
  equal(data.attested, undefined);
});

Deno.test("parseAuthenticatorData() reads a credential, with extensions behind it or not", () => {
  const extensions = new Uint8Array(encodeCBOR(new Map([["credProtect", 2]])));
  for (const [flags, more] of [[0x41, []], [0xc1, [...extensions]]] as const) {
    const bytes = new Uint8Array([...header(flags), ...attested([1, 2, 3]), ...more]);
    const { attested: credential } = parseAuthenticatorData(bytes);
    deepEqual(credential, {
      aaguid: new Uint8Array(16).fill(0xbb),
      credentialId: new Uint8Array([1, 2, 3]),
      publicKeyCbor: KEY,
    });
    for (let length = 0; length < bytes.length; length++) {
      throws(() => parseAuthenticatorData(bytes.slice(0, length)), refused);
    }
    throws(() => parseAuthenticatorData(new Uint8Array([...bytes, 0])), refused);
  }
});

Deno.test("parseAuthenticatorData() refuses contradictory flags and parts that are no maps", () => {
  throws(() => parseAuthenticatorData(new Uint8Array(header(0x10))), refused);
  const list = new Uint8Array([0x80]);
  throws(
    () => parseAuthenticatorData(new Uint8Array([...header(0x41), ...attested([1], list)])),
    refused,
  );
  throws(() => parseAuthenticatorData(new Uint8Array([...header(0x81), ...list])), refused);
});

Deno.test("parseAttestationObject() refuses what is missing, of another type or too much", () => {
  const authData = new Uint8Array(header(1));
  const none: [string, unknown][] = [["fmt", "none"], ["attStmt", new Map()], [
    "authData",
    authData,
  ]];
  const encode = (entries: [string, unknown][]) =>
    new Uint8Array(encodeCBOR(new Map(entries) as Parameters<typeof encodeCBOR>[0]));
  equal(parseAttestationObject(encode(none)).format, "none");
  for (const [name] of none) {
    throws(() => parseAttestationObject(encode(none.filter(([other]) => other !== name))), refused);
    throws(
      () => parseAttestationObject(encode(none.map(([n, v]) => [n, n === name ? 5 : v]))),
      refused,
    );
  }
  const withChain = (x5c: unknown) =>
    encode([["fmt", "packed"], ["attStmt", new Map([["x5c", x5c]])], ["authData", authData]]);
  const certificate = new Uint8Array([1]);
  equal(parseAttestationObject(withChain([certificate])).certificates?.length, 1);
  for (const chain of [[], "x", [5], [certificate, "x"], Array(9).fill(certificate)]) {
    throws(() => parseAttestationObject(withChain(chain)), refused);
  }
  for (const format of ["android-safetynet", "compound", "NONE", "\u001b[2J".repeat(50)]) {
    throws(
      () => parseAttestationObject(encode([["fmt", format], ...none.slice(1)])),
      (error) => {
        ok(isToolError(error, "bad_parameter"));
        return !error.message.includes("\u001b") && error.message.length < 300;
      },
    );
  }
});

Deno.test("both readers read or refuse any bytes, and never fail otherwise", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    for (const read of [parseAuthenticatorData, parseAttestationObject]) {
      try {
        read(bytes);
      } catch (error) {
        ok(isToolError(error, "bad_parameter"), String(error));
      }
    }
  }));
});
