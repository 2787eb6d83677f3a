import { deepEqual, equal, notEqual, ok, rejects } from "node:assert/strict";
import { SoftwareKey, type Wrongness } from "../../tests/support/software_key.ts";
import { WebauthnSite } from "../../tests/support/webauthn_site.ts";
import type { CredentialAssertionResponse } from "../wire/webauthn.ts";
import {
  CHALLENGE_LIFETIME_MS,
  InvalidCredentialsError,
  type MFADevice,
  withDevices,
} from "./mod.ts";

const LOGIN = { scope: "LOGIN" } as const;

/** A site where alice has registered `key`. */
async function siteWithAlice(key = new SoftwareKey()) {
  const site = new WebauthnSite();
  await site.register(key);
  return { site, key };
}

/** Begins, answers and finishes a login, with one thing wrong. */
async function login(site: WebauthnSite, key: SoftwareKey, wrong: Wrongness = {}) {
  const { publicKey } = await site.login.begin("alice", LOGIN);
  return await site.login.finish("alice", await key.get(publicKey, site.origin, wrong), LOGIN);
}

Deno.test("LoginFlow.begin() asks for the user's credentials of this relying party", async () => {
  const { site } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const device = await site.onlyDevice();
  ok(device.kind === "webauthn");
  equal(publicKey.rpId, "example.com");
  equal(publicKey.timeout, CHALLENGE_LIFETIME_MS);
  equal(publicKey.userVerification, "discouraged");
  equal(publicKey.extensions, undefined);
  equal(Uint8Array.fromBase64(publicKey.challenge, { alphabet: "base64url" }).length, 32);
  deepEqual(
    publicKey.allowCredentials?.map(({ id }) => id),
    [device.webauthn.credentialId.toBase64({ alphabet: "base64url", omitPadding: true })],
  );
});

Deno.test("LoginFlow.begin() never repeats a challenge", async () => {
  const { site } = await siteWithAlice();
  const first = await site.login.begin("alice", LOGIN);
  const second = await site.login.begin("alice", LOGIN);
  notEqual(first.publicKey.challenge, second.publicKey.challenge);
});

Deno.test("LoginFlow.begin() refuses an empty user and one without devices", async () => {
  const { site } = await siteWithAlice();
  await rejects(site.login.begin("", LOGIN), { code: "bad_parameter", message: "user required" });
  await rejects(site.login.begin("bob", LOGIN), {
    code: "not_found",
    message: `found no credentials for user "bob"`,
  });
});

Deno.test("LoginFlow.begin() never assigns a WebAuthn id", async () => {
  const { site } = await siteWithAlice();
  const device = await site.onlyDevice();
  const flow = site.loginWith(withDevices(site.identity, [device]));
  await flow.begin("bob", LOGIN);
  equal(site.identity.localAuthWrites, 1, "alice's registration, and nothing since");
});

Deno.test("LoginFlow.begin() leaves out devices of other relying parties", async () => {
  const { site } = await siteWithAlice();
  const good = await site.onlyDevice();
  const foreign = withRpId(good, "old.example.net");
  const both = await site.loginWith(withDevices(site.identity, [foreign, good]))
    .begin("alice", LOGIN);
  equal(both.publicKey.allowCredentials?.length, 1);

  await rejects(
    site.loginWith(withDevices(site.identity, [foreign])).begin("alice", LOGIN),
    (error) => {
      ok(error instanceof InvalidCredentialsError);
      equal(
        error.message,
        "user has only invalid WebAuthn registrations, consider a user reset",
      );
      return true;
    },
  );
});

Deno.test("LoginFlow.begin() sorts resident credentials last", async () => {
  const { site } = await siteWithAlice();
  const plain = await site.onlyDevice();
  ok(plain.kind === "webauthn");
  const resident: MFADevice = {
    ...plain,
    webauthn: { ...plain.webauthn, residentKey: true, credentialId: new Uint8Array([1]) },
  };
  const { publicKey } = await site.loginWith(
    withDevices(site.identity, [resident, plain]),
  ).begin("alice", LOGIN);
  equal(publicKey.allowCredentials?.at(-1)?.id, "AQ");
});

Deno.test("LoginFlow.finish() signs in and updates counter and last use", async () => {
  const { site, key } = await siteWithAlice();
  const before = await site.onlyDevice();
  site.clock.advance(1000);
  const data = await login(site, key);
  equal(data.user, "alice");
  equal(data.allowReuse, "NO");
  equal(data.device.id, before.id);
  const after = await site.onlyDevice();
  deepEqual(after, data.device);
  equal(after.lastUsedMs, before.lastUsedMs + 1000);
  ok(after.kind === "webauthn" && before.kind === "webauthn");
  equal(after.webauthn.signatureCounter, before.webauthn.signatureCounter + 1);
  equal(site.counterEvents.length, 0);
});

for (const algorithm of ["ES256", "EdDSA", "RS256", "ES384", "ES512"] as const) {
  Deno.test(`LoginFlow verifies ${algorithm}`, async () => {
    const { site, key } = await siteWithAlice(new SoftwareKey({ algorithms: [algorithm] }));
    equal((await login(site, key)).user, "alice");
    await rejects(login(site, key, { badSignature: true }), { code: "access_denied" });
  });
}

Deno.test("LoginFlow.finish() takes standard base64 and the field names of Teleport's tools", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const { clientExtensionResults: _, ...rest } = await key.get(publicKey, site.origin);
  const standard = (text: string) =>
    Uint8Array.fromBase64(text, { alphabet: "base64url" }).toBase64();
  const { clientDataJSON, authenticatorData, signature } = rest.response;
  const answer = {
    ...rest,
    id: standard(rest.id),
    rawId: standard(rest.rawId),
    response: {
      clientDataJSON: standard(clientDataJSON),
      authenticatorData: standard(authenticatorData),
      signature: standard(signature),
      userHandle: null,
    },
    extensions: { appid: false },
  };
  const data = await site.login.finish("alice", answer as never, LOGIN);
  equal(data.user, "alice");
});

const REFUSED: [what: string, wrong: Wrongness, error: { code: string; message?: RegExp }][] = [
  ["wrong rpIdHash", { rpId: "example.org" }, { code: "access_denied" }],
  ["wrong type", { clientData: { type: "webauthn.create" } }, { code: "bad_parameter" }],
  ["user not present", { userPresent: false }, { code: "access_denied" }],
  ["bad signature", { badSignature: true }, { code: "access_denied", message: /bad signature/ }],
  ["a challenge that was never issued", { clientData: { challenge: "AAAA" } }, {
    code: "access_denied",
    message: /unknown, has expired or was answered/,
  }],
  ["evil prefix of the domain", { clientData: { origin: "https://evilexample.com" } }, {
    code: "access_denied",
    message: /does not belong to the relying party/,
  }],
  ["http", { clientData: { origin: "http://example.com" } }, {
    code: "access_denied",
    message: /is not https/,
  }],
  ["another site's frame", { clientData: { crossOrigin: true } }, { code: "access_denied" }],
  ["a top origin", { clientData: { topOrigin: "https://example.org" } }, { code: "access_denied" }],
  ["backed up but not eligible", { backedUp: true }, { code: "bad_parameter" }],
  ["another user's handle", { userHandle: new Uint8Array(16) }, {
    code: "access_denied",
    message: /another user/,
  }],
  ["a credential that was not asked for", { credentialId: new Uint8Array(32) }, {
    code: "access_denied",
    message: /not asked for/,
  }],
  ["client data that is not JSON", { clientDataJSON: new TextEncoder().encode("{") }, {
    code: "bad_parameter",
  }],
  ["authenticator data with more behind it", {
    editAuthenticatorData: (bytes) => new Uint8Array([...bytes, 0]),
  }, { code: "bad_parameter" }],
  ["authenticator data cut off", {
    editAuthenticatorData: (bytes) => bytes.slice(0, 36),
  }, { code: "bad_parameter" }],
  ["authenticator data far too long", {
    editAuthenticatorData: (bytes) => new Uint8Array([...bytes, ...new Uint8Array(9000)]),
  }, { code: "bad_parameter" }],
];

for (const [what, wrong, error] of REFUSED) {
  Deno.test(`LoginFlow.finish() refuses ${what}`, async () => {
    const { site, key } = await siteWithAlice();
    const before = await site.onlyDevice();
    await rejects(login(site, key, wrong), error);
    deepEqual(await site.onlyDevice(), before, "a refused answer changes nothing");
  });
}

Deno.test("LoginFlow.finish() takes subdomains, and a port that is the default one", async () => {
  const { site, key } = await siteWithAlice();
  for (const origin of ["https://proxy.example.com", "https://example.com:443"]) {
    await login(site, key, { clientData: { origin } });
  }
});

Deno.test("LoginFlow.finish() refuses a replay", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const answer = await key.get(publicKey, site.origin);
  await site.login.finish("alice", answer, LOGIN);
  await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });
  equal(site.identity.sessions.size, 0);
});

Deno.test("of answers to one challenge at the same moment one gets through", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => key.get(publicKey, site.origin)),
  );
  const results = await Promise.allSettled(
    answers.map((answer) => site.login.finish("alice", answer, LOGIN)),
  );
  equal(results.filter(({ status }) => status === "fulfilled").length, 1);
});

Deno.test("a begin between two answers does not let a challenge be used twice", async () => {
  const { site, key } = await siteWithAlice();
  const first = await site.login.begin("alice", LOGIN);
  const answer = await key.get(first.publicKey, site.origin);
  await site.login.finish("alice", answer, LOGIN);
  const second = await site.login.begin("alice", LOGIN);
  await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });
  await site.login.finish("alice", await key.get(second.publicKey, site.origin), LOGIN);
});

Deno.test("a failed answer does not use the challenge up", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const bad = await key.get(publicKey, site.origin, { badSignature: true });
  await rejects(site.login.finish("alice", bad, LOGIN));
  await site.login.finish("alice", await key.get(publicKey, site.origin), LOGIN);
});

Deno.test("LoginFlow.finish() refuses a challenge after 5 minutes, to the millisecond", async () => {
  const { site, key } = await siteWithAlice();
  for (const late of [0, 1]) {
    const { publicKey } = await site.login.begin("alice", LOGIN);
    const answer = await key.get(publicKey, site.origin);
    site.clock.advance(5 * 60 * 1000 - 1 + late);
    const finish = site.login.finish("alice", answer, LOGIN);
    if (late === 0) await finish;
    else await rejects(finish, { code: "expired" });
  }
  equal(site.identity.sessions.size, 0, "an expired challenge is removed");
});

Deno.test("LoginFlow.finish() refuses the answer of another user's key", async () => {
  const { site, key } = await siteWithAlice();
  const bobsKey = new SoftwareKey();
  await site.register(bobsKey, { user: "bob" });
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const answer = await bobsKey.get(publicKey, site.origin, { ignoreLists: true });
  await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });

  const forBob = await site.login.begin("bob", LOGIN);
  const bobsAnswer = await bobsKey.get(forBob.publicKey, site.origin);
  await rejects(site.login.finish("alice", bobsAnswer, LOGIN), { code: "access_denied" });
  const signedByAlice = await key.get(forBob.publicKey, site.origin, {
    ignoreLists: true,
    credentialId: Uint8Array.fromBase64(bobsAnswer.rawId, { alphabet: "base64url" }),
  });
  await rejects(site.login.finish("bob", signedByAlice, LOGIN), { message: /bad signature/ });
});

Deno.test("LoginFlow.finish() refuses a challenge of before the user's reset", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const answer = await key.get(publicKey, site.origin);
  await site.identity.upsertWebauthnLocalAuth("alice", { userId: new Uint8Array(16).fill(7) });
  await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });
});

Deno.test("LoginFlow.finish() refuses a credential of another relying party", async () => {
  const { site, key } = await siteWithAlice();
  const device = await site.onlyDevice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const answer = await key.get(publicKey, site.origin);
  await site.identity.upsertMFADevice("alice", withRpId(device, "example.net"));
  await rejects(site.login.finish("alice", answer, LOGIN), { message: /another relying party/ });
});

Deno.test("LoginFlow.finish() writes down the relying party id of a device that lacks it", async () => {
  const { site, key } = await siteWithAlice();
  await site.identity.upsertMFADevice("alice", withRpId(await site.onlyDevice(), ""));
  await login(site, key);
  const device = await site.onlyDevice();
  ok(device.kind === "webauthn");
  equal(device.webauthn.credentialRpId, "example.com");
  equal(device.webauthn.residentKey, false);
});

Deno.test("LoginFlow.finish() refuses malformed answers of every kind", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const good = await key.get(publicKey, site.origin);
  const variants: unknown[] = [
    undefined,
    null,
    {},
    { ...good, id: "AAAA" },
    { ...good, type: "password" },
    { ...good, rawId: "" },
    { ...good, response: { ...good.response, signature: "" } },
    { ...good, response: { ...good.response, signature: "A".repeat(20_000) } },
    { ...good, response: { ...good.response, signature: "!!!" } },
    { ...good, response: { ...good.response, clientDataJSON: "A".repeat(20_000) } },
    { ...good, response: { ...good.response, authenticatorData: undefined } },
    { ...good, response: { ...good.response, userHandle: "A".repeat(100) } },
  ];
  for (const variant of variants) {
    await rejects(
      site.login.finish("alice", variant as CredentialAssertionResponse, LOGIN),
      { code: "bad_parameter" },
    );
  }
});

Deno.test("a counter that goes back is let pass, kept, and reported", async () => {
  const { site, key } = await siteWithAlice();
  await login(site, key, { counter: 100 });
  const { device } = await login(site, key, { counter: 40 });
  ok(device.kind === "webauthn");
  equal(device.webauthn.signatureCounter, 100);
  await login(site, key, { counter: 100 });
  await login(site, key, { counter: 0 });
  await login(site, key, { counter: 101 });
  deepEqual(
    site.counterEvents.map(({ user, stored, received }) => ({ user, stored, received })),
    [40, 100, 0].map((received) => ({ user: "alice", stored: 100, received })),
  );
});

Deno.test("an authenticator that does not count is never reported", async () => {
  const { site, key } = await siteWithAlice(new SoftwareKey({ counts: false }));
  await login(site, key);
  await login(site, key);
  equal(site.counterEvents.length, 0);
});

function withRpId(device: MFADevice, credentialRpId: string): MFADevice {
  ok(device.kind === "webauthn");
  return { ...device, webauthn: { ...device.webauthn, credentialRpId } };
}
