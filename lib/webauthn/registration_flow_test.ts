import { deepEqual, equal, notDeepEqual, ok, rejects } from "node:assert/strict";
import { SoftwareKey, type Wrongness } from "../../tests/support/software_key.ts";
import { WebauthnSite } from "../../tests/support/webauthn_site.ts";
import type { CredentialCreationResponse } from "../wire/webauthn.ts";
import {
  CHALLENGE_LIFETIME_MS,
  type RegisterResponse,
  SUPPORTED_ALGORITHMS,
  withInMemorySessionData,
} from "./mod.ts";
import { RegistrationFlow } from "./registration_flow.ts";

Deno.test("RegistrationFlow.begin() asks for a plain key, or for a passwordless one", async () => {
  const site = new WebauthnSite();
  for (const passwordless of [false, true]) {
    const { publicKey } = await site.registration.begin("alice", passwordless);
    deepEqual(publicKey.rp, { id: "example.com", name: "example.com" });
    equal(publicKey.user.name, "alice");
    equal(publicKey.timeout, CHALLENGE_LIFETIME_MS);
    equal(publicKey.attestation, "none");
    deepEqual(publicKey.authenticatorSelection, {
      requireResidentKey: passwordless,
      residentKey: passwordless ? "required" : "discouraged",
      userVerification: passwordless ? "required" : "discouraged",
    });
    deepEqual(publicKey.pubKeyCredParams.map(({ alg }) => alg), SUPPORTED_ALGORITHMS);
    equal(Uint8Array.fromBase64(publicKey.challenge, { alphabet: "base64url" }).length, 32);
  }
});

Deno.test("RegistrationFlow.begin() assigns a WebAuthn id once", async () => {
  const site = new WebauthnSite();
  const first = await site.registration.begin("alice", false);
  const second = await site.registration.begin("alice", true);
  const bob = await site.registration.begin("bob", false);
  equal(first.publicKey.user.id, second.publicKey.user.id);
  notDeepEqual(first.publicKey.user.id, bob.publicKey.user.id);
  equal(site.identity.localAuthWrites, 2);
  ok(!atob(first.publicKey.user.id.replaceAll("-", "+")).includes("alice"));
});

Deno.test("RegistrationFlow.begin() mends a lost way from WebAuthn id to user", async () => {
  const site = new WebauthnSite();
  await site.registration.begin("alice", false);
  const { userId } = await site.identity.getWebauthnLocalAuth("alice");
  site.identity.loseIndex();
  await site.registration.begin("alice", false);
  equal(await site.identity.getTeleportUserByWebauthnID(userId), "alice");
});

Deno.test("RegistrationFlow.begin() excludes credentials of the same kind alone", async () => {
  const site = new WebauthnSite();
  const plain = await site.register(new SoftwareKey(), { deviceName: "plain" });
  const resident = await site.register(new SoftwareKey(), {
    deviceName: "resident",
    passwordless: true,
  });
  const u2f = { ...new SoftwareKey().registerU2f("https://example.com"), counter: 0 };
  await site.identity.upsertMFADevice("alice", {
    kind: "u2f",
    id: "u2f",
    name: "u2f",
    addedAtMs: 0,
    lastUsedMs: 0,
    u2f,
  });
  for (const [passwordless, device] of [[false, plain], [true, resident]] as const) {
    ok(device.kind === "webauthn");
    const { publicKey } = await site.registration.begin("alice", passwordless);
    const id = device.webauthn.credentialId.toBase64({ alphabet: "base64url", omitPadding: true });
    deepEqual(publicKey.excludeCredentials, [{ type: "public-key", id }]);
  }
});

Deno.test("RegistrationFlow.finish() stores what later logins need", async () => {
  const site = new WebauthnSite();
  const key = new SoftwareKey({ attestation: "self" });
  const device = await site.register(key, { deviceName: "my key" });
  deepEqual(await site.onlyDevice(), device);
  ok(device.kind === "webauthn");
  equal(device.name, "my key");
  equal(device.addedAtMs, site.clock.now());
  equal(device.webauthn.attestationType, "packed");
  deepEqual(device.webauthn.aaguid, key.aaguid);
  equal(device.webauthn.signatureCounter, 1);
  equal(device.webauthn.residentKey, false);
  equal(device.webauthn.credentialRpId, "example.com");
  ok(device.webauthn.attestationObject);
  equal(site.identity.sessions.size, 0);
});

Deno.test("a passwordless registration makes a resident device, and so does a client that says so", async () => {
  const site = new WebauthnSite();
  const device = await site.register(new SoftwareKey(), { passwordless: true });
  ok(device.kind === "webauthn" && device.webauthn.residentKey);

  const { publicKey } = await site.registration.begin("bob", false);
  const answer = await new SoftwareKey().create(publicKey, site.origin);
  const creationResponse = { ...answer, clientExtensionResults: { credProps: { rk: true } } };
  const bobs = await site.registration.finish(request({ user: "bob", creationResponse }));
  ok(bobs.kind === "webauthn" && bobs.webauthn.residentKey);
});

Deno.test("a passwordless key that says it is not discoverable is refused", async () => {
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", true);
  const answer = await new SoftwareKey().create(publicKey, site.origin);
  const creationResponse = { ...answer, clientExtensionResults: { credProps: { rk: false } } };
  await rejects(
    site.registration.finish(request({ creationResponse, passwordless: true })),
    { code: "access_denied" },
  );
});

const REFUSED: [what: string, wrong: Wrongness, code: string][] = [
  ["wrong rpIdHash", { rpId: "example.org" }, "access_denied"],
  ["wrong type", { clientData: { type: "webauthn.get" } }, "bad_parameter"],
  ["user not present", { userPresent: false }, "access_denied"],
  ["an unknown challenge", { clientData: { challenge: "AAAA" } }, "access_denied"],
  [
    "evil prefix of the domain",
    { clientData: { origin: "https://evilexample.com" } },
    "access_denied",
  ],
  ["another site's frame", { clientData: { crossOrigin: true } }, "access_denied"],
  ["backed up but not eligible", { backedUp: true }, "bad_parameter"],
  ["an algorithm that was not asked for", { keyAlgorithm: -47 }, "bad_parameter"],
  ["an algorithm that is not the key's", { keyAlgorithm: -35 }, "bad_parameter"],
  ["another credential's id", { credentialId: new Uint8Array(32) }, "bad_parameter"],
  ["bad signature", { badSignature: true }, "access_denied"],
  [
    "a self attestation with another algorithm",
    { statementAlgorithm: -257 },
    "access_denied",
  ],
  [
    "no attested credential",
    {
      editAuthenticatorData: (bytes) => {
        const header = bytes.slice(0, 37);
        header[32]! &= ~0x40;
        return header;
      },
    },
    "bad_parameter",
  ],
  [
    "an attestation object cut off",
    { editAttestationObject: (bytes) => bytes.slice(0, -1) },
    "bad_parameter",
  ],
  [
    "an attestation object with more behind it",
    { editAttestationObject: (bytes) => new Uint8Array([...bytes, 0]) },
    "bad_parameter",
  ],
  [
    "an attestation object far too long",
    { editAttestationObject: (bytes) => new Uint8Array([...bytes, ...new Uint8Array(70_000)]) },
    "bad_parameter",
  ],
];

for (const [what, wrong, code] of REFUSED) {
  Deno.test(`RegistrationFlow.finish() refuses ${what}`, async () => {
    const site = new WebauthnSite();
    const key = new SoftwareKey({ attestation: "self" });
    await rejects(site.register(key, { wrong }), { code });
    deepEqual(await site.identity.getMFADevices("alice"), []);
  });
}

Deno.test("every truncation of an attestation object is refused", async () => {
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", false);
  const good = await new SoftwareKey().create(publicKey, site.origin);
  const bytes = Uint8Array.fromBase64(good.response.attestationObject, { alphabet: "base64url" });
  for (let length = 0; length < bytes.length; length++) {
    const attestationObject = bytes.slice(0, length).toBase64({ alphabet: "base64url" });
    const creationResponse = { ...good, response: { ...good.response, attestationObject } };
    await rejects(site.registration.finish(request({ creationResponse })), {
      code: "bad_parameter",
    });
  }
  await site.registration.finish(request({ creationResponse: good }));
});

Deno.test("a passwordless registration demands user verification", async () => {
  const site = new WebauthnSite();
  await rejects(
    site.register(new SoftwareKey(), { passwordless: true, wrong: { userVerified: false } }),
    { code: "access_denied" },
  );
});

Deno.test("the passwordless flag must be as at begin, in both directions", async () => {
  const site = new WebauthnSite();
  for (const passwordless of [false, true]) {
    const { publicKey } = await site.registration.begin("alice", passwordless);
    const creationResponse = await new SoftwareKey().create(publicKey, site.origin, {
      userVerified: true,
    });
    await rejects(
      site.registration.finish(request({ creationResponse, passwordless: !passwordless })),
      { code: "bad_parameter" },
    );
  }
});

Deno.test("a registered credential and a taken name are refused", async () => {
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", false);
  const key = new SoftwareKey();
  const first = await key.create(publicKey, site.origin);
  await site.registration.finish(request({ creationResponse: first }));

  const again = await site.registration.begin("alice", false);
  const renewed = await key.create(again.publicKey, site.origin, { ignoreLists: true });
  await rejects(
    site.registration.finish(request({ creationResponse: renewed })),
    { code: "already_exists", message: `MFA device with name "key" already exists` },
  );

  const twin = withChallenge(first, again.publicKey.challenge);
  await rejects(
    site.registration.finish(request({ creationResponse: twin, deviceName: "twin" })),
    { code: "already_exists", message: /registered already/ },
  );

  const bobs = await site.registration.begin("bob", false);
  const stolen = withChallenge(first, bobs.publicKey.challenge);
  await rejects(
    site.registration.finish(request({ user: "bob", creationResponse: stolen })),
    { code: "already_exists" },
  );
});

Deno.test("the key itself refuses when it is excluded", async () => {
  const site = new WebauthnSite();
  const key = new SoftwareKey();
  await site.register(key);
  const { publicKey } = await site.registration.begin("alice", false);
  await rejects(key.create(publicKey, site.origin), { name: "InvalidStateError" });
});

Deno.test("RegistrationFlow.finish() refuses replays, old challenges and other users' challenges", async () => {
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", false);
  const creationResponse = await new SoftwareKey().create(publicKey, site.origin);
  await site.registration.begin("bob", false);
  await rejects(
    site.registration.finish(request({ user: "bob", creationResponse })),
    { code: "access_denied" },
  );
  await site.registration.finish(request({ creationResponse }));
  await rejects(
    site.registration.finish(request({ creationResponse, deviceName: "again" })),
    { code: "access_denied" },
  );

  const late = await site.registration.begin("alice", false);
  const lateResponse = await new SoftwareKey().create(late.publicKey, site.origin);
  site.clock.advance(CHALLENGE_LIFETIME_MS);
  await rejects(
    site.registration.finish(request({ creationResponse: lateResponse, deviceName: "late" })),
    { code: "expired" },
  );
});

Deno.test("of registrations with one challenge at the same moment one gets through", async () => {
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", false);
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => new SoftwareKey().create(publicKey, site.origin)),
  );
  const results = await Promise.allSettled(
    answers.map((creationResponse, index) =>
      site.registration.finish(request({ creationResponse, deviceName: `key ${index}` }))
    ),
  );
  equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  await site.onlyDevice();
});

Deno.test("RegistrationFlow.finish() refuses malformed requests of every kind", async () => {
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", false);
  const creationResponse = await new SoftwareKey().create(publicKey, site.origin);
  const requests: Partial<RegisterResponse>[] = [
    { user: "" },
    { deviceName: "" },
    { deviceName: "x".repeat(256) },
    { deviceName: "bell\u0007" },
    { creationResponse: undefined },
    { creationResponse: { ...creationResponse, id: "" } },
    { creationResponse: { ...creationResponse, response: undefined as never } },
  ];
  for (const broken of requests) {
    await rejects(
      site.registration.finish({ ...request({ creationResponse }), ...broken }),
      { code: "bad_parameter" },
    );
  }
});

Deno.test("withInMemorySessionData keeps challenges out of the identity, and forgets old ones", async () => {
  const site = new WebauthnSite();
  const identity = withInMemorySessionData(site.identity);
  const flow = new RegistrationFlow({ webauthn: site.webauthn, identity, deps: site.deps });
  const { publicKey } = await flow.begin("alice", false);
  equal(site.identity.sessions.size, 0);
  const creationResponse = await new SoftwareKey().create(publicKey, site.origin);
  await flow.finish(request({ creationResponse }));
  await rejects(flow.finish(request({ creationResponse })), { code: "access_denied" });
  await site.onlyDevice();

  const old = await flow.begin("alice", false);
  site.clock.advance(CHALLENGE_LIFETIME_MS);
  await flow.begin("alice", false);
  await rejects(
    identity.getWebauthnSessionData("alice", `registration/${old.publicKey.challenge}`),
    { code: "not_found" },
  );
});

function request(
  fields: Partial<RegisterResponse> & Pick<RegisterResponse, "creationResponse">,
): RegisterResponse {
  return { user: "alice", deviceName: "key", passwordless: false, ...fields };
}

/** The same credential under another challenge: without attestation nothing binds them. */
function withChallenge(
  response: CredentialCreationResponse,
  challenge: string,
): CredentialCreationResponse {
  const text = new TextDecoder().decode(
    Uint8Array.fromBase64(response.response.clientDataJSON, { alphabet: "base64url" }),
  );
  const clientDataJSON = new TextEncoder().encode(
    JSON.stringify({ ...JSON.parse(text), challenge }),
  ).toBase64({ alphabet: "base64url", omitPadding: true });
  return { ...response, response: { ...response.response, clientDataJSON } };
}
