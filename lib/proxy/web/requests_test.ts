import assert from "node:assert/strict";
import { z } from "zod";
import { generateKeyPair } from "../../keys/mod.ts";
import { headlessId } from "../../wire/mod.ts";
import type { CredentialAssertionResponse } from "../../wire/webauthn.ts";
import {
  authenticateChallengeBody,
  CHALLENGE_SCOPES,
  finishSessionBody,
  headlessAnswerBody,
  headlessLoginBody,
  loginBeginBody,
  loginFinishBody,
  sshCertsBody,
} from "../../wire/web_api.ts";
import {
  authenticateChallengeSchema,
  finishRegistrationSchema,
  finishSessionSchema,
  headlessAnswerSchema,
  headlessLoginSchema,
  loginBeginSchema,
  loginFinishSchema,
  registerChallengeSchema,
} from "./requests.ts";

const keys = generateKeyPair();
const response: CredentialAssertionResponse = {
  id: "Y3JlZA",
  rawId: "Y3JlZA",
  type: "public-key",
  response: { clientDataJSON: "e30", authenticatorData: "AAAA", signature: "AQID" },
  clientExtensionResults: {},
};
const wish = {
  sshPublicKey: keys.sshPublicKey,
  tlsPublicKeyPem: keys.publicKeyPem,
  ttlMs: 60_000,
};

const registration = {
  token: "t",
  deviceName: "key",
  webauthnCreationResponse: {
    ...response,
    response: { clientDataJSON: "e30", attestationObject: "oA" },
  },
};

/** What goes over the wire of it. */
function sent(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}

/** Without the fields that are `undefined`, which mean nothing. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

Deno.test("what our clients write is what the cluster reads", () => {
  const begin = sent(loginBeginBody({ user: "alice", password: "secret" }));
  assert.deepEqual(loginBeginSchema.parse(begin), { user: "alice", pass: "secret" });
  const passwordless = sent(loginBeginBody({ passwordless: true }));
  assert.deepEqual(plain(loginBeginSchema.parse(passwordless)), { passwordless: true });

  const session = finishSessionSchema.parse(sent(finishSessionBody({ user: "alice", response })));
  assert.equal(session.user, "alice");
  assert.deepEqual(plain(session.webauthnAssertionResponse), response);
  assert.equal(finishSessionSchema.parse(sent(finishSessionBody({ response }))).user, undefined);

  const finish = loginFinishSchema.parse(
    sent(loginFinishBody({ user: "alice", response, ...wish }, "both")),
  );
  assert.equal(finish.sshPublicKey, `${keys.sshPublicKey}\n`);
  assert.equal(finish.tlsPublicKeyPem, keys.publicKeyPem);
  assert.equal(finish.ttlMs, 60_000);

  const challenge = authenticateChallengeBody({ scope: "HEADLESS_LOGIN", allowReuse: true });
  assert.deepEqual(plain(authenticateChallengeSchema.parse(sent(challenge))), {
    scope: CHALLENGE_SCOPES.HEADLESS_LOGIN,
    allowReuse: true,
  });

  const accept = headlessAnswerBody({ action: "accept", response });
  assert.deepEqual(plain(headlessAnswerSchema.parse(sent(accept))), { action: "accept", response });
  const denied = headlessAnswerBody({ action: "denied" });
  assert.deepEqual(headlessAnswerSchema.parse(sent(denied)), { action: "denied" });
});

Deno.test("both forms of a headless login mean the same", () => {
  const request = { user: "alice", id: headlessId(keys.sshPublicKey), ...wish };
  const newer = headlessLoginSchema.parse(sent(headlessLoginBody(request)));
  const older = headlessLoginSchema.parse(sent(sshCertsBody(request)));
  assert.deepEqual(plain(newer), {
    user: "alice",
    id: request.id,
    sshPublicKey: `${keys.sshPublicKey}\n`,
    tlsPublicKeyPem: keys.publicKeyPem,
    ttlMs: 60_000,
  });
  const { tlsPublicKeyPem: _, ...single } = newer;
  assert.deepEqual(plain(older), plain(single));
});

Deno.test("bodies of a Teleport client of 2023 are understood", () => {
  const tsh = {
    user: "alice",
    password: "",
    otp_token: "",
    headless_id: headlessId(keys.sshPublicKey),
    pub_key: btoa(`${keys.sshPublicKey}\n`),
    ttl: 43200000000000,
    RouteToCluster: "",
    KubernetesCluster: "",
  };
  assert.equal(headlessLoginSchema.parse(tsh).ttlMs, 12 * 3600 * 1000);
  assert.equal(headlessLoginSchema.parse({ ...tsh, ttl: 0 }).ttlMs, undefined);
  const { clientExtensionResults: _, ...bare } = response;
  const go = {
    ...bare,
    response: { ...bare.response, userHandle: "" },
    extensions: { appid: false },
  };
  const read = finishSessionSchema.parse({ user: "alice", webauthnAssertionResponse: go });
  assert.equal(read.webauthnAssertionResponse.response.userHandle, undefined);
  assert.equal(registerChallengeSchema.parse({ deviceType: "webauthn" }).deviceUsage, "mfa");
  const newest = { action: "accept", mfaResponse: { webauthn_response: response } };
  assert.equal(headlessAnswerSchema.parse(newest).action, "accept");
});

Deno.test("an invitation's answer carries its password as bytes, or none", () => {
  const body = registration;
  const password = new TextEncoder().encode("pässword").toBase64();
  assert.equal(finishRegistrationSchema.parse({ ...body, password }).password, "pässword");
  assert.equal(finishRegistrationSchema.parse({ ...body, password: "" }).password, undefined);
  assert.equal(finishRegistrationSchema.parse({ ...body, password: null }).password, undefined);
});

Deno.test.each<{ what: string; read: () => unknown }>([
  { what: "no user", read: () => headlessLoginSchema.parse({ headless_id: "x", pub_key: "eA==" }) },
  { what: "no key", read: () => headlessLoginSchema.parse({ user: "a", headless_id: "x" }) },
  {
    what: "a key that is no base64",
    read: () => headlessLoginSchema.parse({ user: "a", headless_id: "x", pub_key: "%" }),
  },
  {
    what: "a key of a megabyte",
    read: () =>
      headlessLoginSchema.parse({ user: "a", headless_id: "x", pub_key: "A".repeat(1 << 20) }),
  },
  { what: "an unknown action", read: () => headlessAnswerSchema.parse({ action: "nosuch" }) },
  {
    what: "an approval without a key",
    read: () => headlessAnswerSchema.parse({ action: "accept" }),
  },
  {
    what: "another kind of device",
    read: () => registerChallengeSchema.parse({ deviceType: "totp" }),
  },
  {
    what: "a password that is no text",
    read: () => finishRegistrationSchema.parse({ ...registration, password: "//8=" }),
  },
  { what: "a name of a kilobyte", read: () => loginBeginSchema.parse({ user: "a".repeat(1024) }) },
])("a body is refused for $what", ({ read }) => {
  assert.throws(read, (error) => error instanceof z.ZodError);
});
