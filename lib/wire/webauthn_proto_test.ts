import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MFAAuthenticateChallengeSchema } from "./gen/auth_service_pb.ts";
import { CredentialAssertionResponseSchema, CredentialAssertionSchema } from "./gen/webauthn_pb.ts";
import type { CredentialAssertion, CredentialAssertionResponse } from "./webauthn.ts";
import {
  assertionFromProto,
  assertionResponseFromProto,
  assertionResponseToProto,
  assertionToProto,
} from "./webauthn_proto.ts";

// The bytes that a Teleport 14.0.0-dev answered CreateAuthenticateChallenge with.
const GOLDEN =
  "1a700a6e0a205daa967af4b32ef7779a7f9627668045d7157f848b25d0cecece11dc5bdd75e310e0a7121a096c6f63616c686f7374222e0a0a7075626c69632d6b657912208c579cba1057277db57954829a87022ac053fe4f7a8a2566c1f24c2267087948320b646973636f757261676564";

const CHALLENGE: CredentialAssertion = {
  publicKey: {
    challenge: "XaqWevSzLvd3mn-WJ2aARdcVf4SLJdDOzs4R3FvddeM",
    timeout: 300000,
    rpId: "localhost",
    allowCredentials: [{ type: "public-key", id: "jFecuhBXJ321eVSCmocCKsBT_k96iiVmwfJMImcIeUg" }],
    userVerification: "discouraged",
  },
};

const ANSWER: CredentialAssertionResponse = {
  id: "jFec",
  rawId: "jFec",
  type: "public-key",
  response: {
    clientDataJSON: "e30",
    authenticatorData: "SZYN",
    signature: "MEQC",
    userHandle: "YWxpY2U",
  },
  clientExtensionResults: { appid: true },
};

/** Without keys whose value is undefined. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

Deno.test("a challenge has the bytes that Teleport gives it", () => {
  const message = fromBinary(MFAAuthenticateChallengeSchema, Uint8Array.fromHex(GOLDEN));
  assert.deepEqual(plain(assertionFromProto(message.webauthnChallenge!)), CHALLENGE);
  const written = create(MFAAuthenticateChallengeSchema, {
    webauthnChallenge: assertionToProto(CHALLENGE),
  });
  assert.equal(toBinary(MFAAuthenticateChallengeSchema, written).toHex(), GOLDEN);
});

Deno.test("challenges and answers survive the wire", () => {
  const challenges: CredentialAssertion[] = [
    CHALLENGE,
    { publicKey: { ...CHALLENGE.publicKey, extensions: { appid: "https://example.com" } } },
    { publicKey: { challenge: "AAAA" } },
  ];
  for (const challenge of challenges) {
    const bytes = toBinary(CredentialAssertionSchema, assertionToProto(challenge));
    assert.deepEqual(
      plain(assertionFromProto(fromBinary(CredentialAssertionSchema, bytes))),
      challenge,
    );
  }
  const { userHandle: _, ...withoutHandle } = ANSWER.response;
  for (
    const answer of [ANSWER, { ...ANSWER, response: withoutHandle, clientExtensionResults: {} }]
  ) {
    const bytes = toBinary(CredentialAssertionResponseSchema, assertionResponseToProto(answer));
    assert.deepEqual(
      plain(assertionResponseFromProto(fromBinary(CredentialAssertionResponseSchema, bytes))),
      answer,
    );
  }
});

Deno.test("messages that are no challenge or answer are refused", () => {
  assert.throws(() => assertionFromProto(create(CredentialAssertionSchema)), {
    code: "bad_parameter",
  });
  assert.throws(
    () =>
      assertionFromProto(
        create(CredentialAssertionSchema, { publicKey: { challenge: new Uint8Array(2000) } }),
      ),
    { code: "bad_parameter" },
  );
  const response = {
    clientDataJson: new Uint8Array(3),
    authenticatorData: new Uint8Array(3),
    signature: new Uint8Array(3),
  };
  const rawId = new Uint8Array(3);
  const bad = [
    {},
    { type: "public-key", rawId },
    { type: "other", rawId, response },
    { type: "public-key", rawId: new Uint8Array(), response },
    { type: "public-key", rawId: new Uint8Array(2000), response },
    { type: "public-key", rawId, response: { ...response, signature: new Uint8Array() } },
    { type: "public-key", rawId, response: { ...response, userHandle: new Uint8Array(65) } },
  ];
  for (const message of bad) {
    assert.throws(
      () => assertionResponseFromProto(create(CredentialAssertionResponseSchema, message)),
      {
        code: "bad_parameter",
      },
    );
  }
  assert.throws(() => assertionToProto({ publicKey: { challenge: "+/" } }), {
    code: "bad_parameter",
  });
});
