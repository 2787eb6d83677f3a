import { deepEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { isToolError } from "../errors/mod.ts";
import { parseClientData } from "./client_data.ts";

const GOOD = { type: "webauthn.get", challenge: "AQID", origin: "https://example.com" };
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

Deno.test("parseClientData() reads what a browser says, and ignores what it may add", () => {
  const expected = {
    type: "webauthn.get",
    challenge: new Uint8Array([1, 2, 3]),
    origin: "https://example.com",
  };
  deepEqual(parseClientData(encode(GOOD), "webauthn.get"), expected);
  const more = { ...GOOD, crossOrigin: false, tokenBinding: { status: "supported" }, extra: [1] };
  deepEqual(parseClientData(encode(more), "webauthn.get"), expected);
  const withMark = new Uint8Array([0xef, 0xbb, 0xbf, ...encode(GOOD)]);
  deepEqual(parseClientData(withMark, "webauthn.get"), expected, "UTF-8 decode strips the mark");
});

Deno.test("parseClientData() refuses malformed client data and the other type", () => {
  const wrong: unknown[] = [
    null,
    [],
    "text",
    { ...GOOD, type: undefined },
    { ...GOOD, type: "webauthn.create" },
    { ...GOOD, type: ["webauthn.get"] },
    { ...GOOD, challenge: undefined },
    { ...GOOD, challenge: "" },
    { ...GOOD, challenge: "A" },
    { ...GOOD, challenge: "AQI=" },
    { ...GOOD, challenge: "AQJ" },
    { ...GOOD, challenge: "+/+/" },
    { ...GOOD, challenge: "AQID\n" },
    { ...GOOD, challenge: "A".repeat(4000) },
    { ...GOOD, origin: 5 },
    { ...GOOD, origin: "x".repeat(3000) },
    { ...GOOD, crossOrigin: "no" },
  ];
  for (const value of wrong) {
    throws(() => parseClientData(encode(value), "webauthn.get"), { code: "bad_parameter" });
  }
  throws(() => parseClientData(new Uint8Array([0xff]), "webauthn.get"), { code: "bad_parameter" });
});

Deno.test("parseClientData() refuses pages in another site's frame", () => {
  const framed = [
    { crossOrigin: true },
    { crossOrigin: true, topOrigin: "https://example.org" },
    { topOrigin: "https://example.com" },
  ];
  for (const fields of framed) {
    throws(
      () => parseClientData(encode({ ...GOOD, ...fields }), "webauthn.get"),
      { code: "access_denied" },
    );
  }
});

Deno.test("parseClientData() reads or refuses any bytes, and never fails otherwise", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map((text) => encode(text))), (bytes) => {
      try {
        parseClientData(bytes, "webauthn.get");
      } catch (error) {
        ok(isToolError(error, "bad_parameter"), String(error));
      }
    }),
  );
});
