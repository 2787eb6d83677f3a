import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  credentialAssertionResponseSchema,
  credentialAssertionSchema,
  credentialCreationResponseSchema,
  credentialCreationSchema,
  MAX_ATTESTATION_OBJECT_BYTES,
  MAX_CREDENTIAL_ID_BYTES,
} from "./webauthn.ts";

const ASSERTION = {
  id: "AQID",
  rawId: "AQID",
  type: "public-key",
  response: { clientDataJSON: "e30", authenticatorData: "AQ", signature: "AQ" },
};

const CREATION = {
  id: "AQID",
  rawId: "AQID",
  type: "public-key",
  response: { clientDataJSON: "e30", attestationObject: "AQ" },
};

Deno.test("bytes in any of base64's forms come out as base64url without padding", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
    const expected = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
    for (const alphabet of ["base64", "base64url"] as const) {
      for (const omitPadding of [true, false]) {
        const id = bytes.toBase64({ alphabet, omitPadding });
        equal(credentialAssertionResponseSchema.parse({ ...ASSERTION, id }).id, expected);
      }
    }
  }));
});

Deno.test("what is not base64 is refused", () => {
  for (
    const id of ["", "A", "AQID=A", "AQJ", "AR==", "AQ ID", "AQID\n", "A+_A", "AAAAA", "ü", 5, null]
  ) {
    ok(!credentialAssertionResponseSchema.safeParse({ ...ASSERTION, id }).success, String(id));
  }
});

Deno.test("bytes are bounded to the byte", () => {
  const text = (bytes: number) => new Uint8Array(bytes).toBase64();
  const assertion = (rawId: string) =>
    credentialAssertionResponseSchema.safeParse({ ...ASSERTION, rawId }).success;
  ok(assertion(text(MAX_CREDENTIAL_ID_BYTES)));
  ok(!assertion(text(MAX_CREDENTIAL_ID_BYTES + 1)));
  const creation = (attestationObject: string) =>
    credentialCreationResponseSchema.safeParse({
      ...CREATION,
      response: { ...CREATION.response, attestationObject },
    }).success;
  ok(creation(text(MAX_ATTESTATION_OBJECT_BYTES)));
  ok(!creation(text(MAX_ATTESTATION_OBJECT_BYTES + 1)));
});

Deno.test("a user handle may be absent in every way that clients know", () => {
  for (const userHandle of [undefined, null, ""]) {
    const parsed = credentialAssertionResponseSchema.parse({
      ...ASSERTION,
      response: { ...ASSERTION.response, userHandle },
    });
    equal(parsed.response.userHandle, undefined);
  }
  const parsed = credentialAssertionResponseSchema.parse({
    ...ASSERTION,
    response: { ...ASSERTION.response, userHandle: "AQ==" },
  });
  equal(parsed.response.userHandle, "AQ");
});

Deno.test("extension results are taken under both names, and what is not known is dropped", () => {
  const cases: [unknown, unknown][] = [
    [{}, {}],
    [{ clientExtensionResults: null, extensions: null }, {}],
    [{ clientExtensionResults: { appid: true } }, { appid: true }],
    [{ extensions: { appid: true } }, { appid: true }],
    [{ clientExtensionResults: { credProps: { rk: true, x: 1 }, prf: {} } }, {
      credProps: { rk: true },
    }],
  ];
  for (const [fields, expected] of cases) {
    const parsed = credentialCreationResponseSchema.parse({ ...CREATION, ...fields as object });
    deepEqual(parsed.clientExtensionResults, expected);
    ok(!("extensions" in parsed));
  }
});

Deno.test("answers that a browser's toJSON() makes are read", () => {
  const parsed = credentialCreationResponseSchema.parse({
    ...CREATION,
    authenticatorAttachment: "cross-platform",
    clientExtensionResults: { credProps: {} },
    response: {
      ...CREATION.response,
      authenticatorData: "AQ",
      publicKey: "AQ",
      publicKeyAlgorithm: -7,
      transports: ["usb", "nfc"],
    },
  });
  deepEqual(Object.keys(parsed.response).sort(), [
    "attestationObject",
    "clientDataJSON",
    "transports",
  ]);
});

Deno.test("challenges of a server are read, with lists that Go writes as null", () => {
  const assertion = credentialAssertionSchema.parse({
    publicKey: { challenge: "AQ==", allowCredentials: null, extensions: { appid: "https://a" } },
  });
  deepEqual(assertion.publicKey, {
    challenge: "AQ",
    allowCredentials: undefined,
    extensions: { appid: "https://a" },
  });
  const creation = credentialCreationSchema.parse({
    publicKey: {
      rp: { id: "example.com", name: "Teleport", icon: "" },
      user: { id: "AQ==", name: "alice", displayName: "alice" },
      challenge: "AQ==",
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      excludeCredentials: [{ type: "public-key", id: "AQ==" }],
      attestation: "none",
    },
  });
  equal(creation.publicKey.excludeCredentials?.[0]?.id, "AQ");
});

Deno.test("the schemas accept or refuse any JSON, and never throw", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    for (
      const schema of [
        credentialAssertionResponseSchema,
        credentialAssertionSchema,
        credentialCreationResponseSchema,
        credentialCreationSchema,
      ]
    ) ok(!schema.safeParse(value).success);
  }));
});
