import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { SoftwareKey, type Wrongness } from "../../tests/support/software_key.ts";
import { WebauthnSite } from "../../tests/support/webauthn_site.ts";

async function siteWithAlice(key = new SoftwareKey()) {
  const site = new WebauthnSite();
  await site.register(key, { passwordless: true });
  return { site, key };
}

async function login(site: WebauthnSite, key: SoftwareKey, wrong: Wrongness = {}) {
  const { publicKey } = await site.passwordless.begin();
  return await site.passwordless.finish(await key.get(publicKey, site.origin, wrong));
}

Deno.test("PasswordlessFlow.begin() asks any discoverable credential, with user verification", async () => {
  const { site } = await siteWithAlice();
  const { publicKey } = await site.passwordless.begin();
  equal(publicKey.userVerification, "required");
  equal(publicKey.allowCredentials, undefined);
  equal(publicKey.extensions, undefined);
  deepEqual([...site.identity.sessions.keys()], [`*login/${publicKey.challenge}`]);
});

Deno.test("PasswordlessFlow.finish() finds the user by its handle", async () => {
  const { site, key } = await siteWithAlice();
  await site.register(new SoftwareKey(), { user: "bob", passwordless: true });
  const data = await login(site, key);
  equal(data.user, "alice");
  equal(data.allowReuse, "NO");
  equal(site.identity.sessions.size, 0);
});

Deno.test("PasswordlessFlow.finish() refuses what is not the user's", async () => {
  const { site, key } = await siteWithAlice();
  await site.register(new SoftwareKey(), { user: "bob", passwordless: true });
  const bob = await site.identity.getWebauthnLocalAuth("bob");
  const cases: [Wrongness, string][] = [
    [{ userHandle: null }, "bad_parameter"],
    [{ userHandle: new Uint8Array(36) }, "access_denied"],
    [{ userHandle: bob.userId }, "access_denied"],
    [{ userVerified: false }, "access_denied"],
    [{ userPresent: false }, "access_denied"],
    [{ badSignature: true }, "access_denied"],
    [{ credentialId: new Uint8Array(32) }, "access_denied"],
    [{ clientData: { origin: "https://evilexample.com" } }, "access_denied"],
    [{ rpId: "evilexample.com" }, "access_denied"],
  ];
  for (const [wrong, code] of cases) {
    await rejects(login(site, key, wrong), { code }, JSON.stringify(Object.keys(wrong)));
  }
});

Deno.test("an unknown handle and a wrong one are refused with the same words", async () => {
  const { site, key } = await siteWithAlice();
  await site.register(new SoftwareKey(), { user: "bob", passwordless: true });
  const bob = await site.identity.getWebauthnLocalAuth("bob");
  for (const userHandle of [bob.userId, new Uint8Array(36)]) {
    await rejects(login(site, key, { userHandle }), { message: "unknown device credential" });
  }
});

Deno.test("PasswordlessFlow.finish() refuses replays, old challenges, and those of a named user", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.passwordless.begin();
  const answer = await key.get(publicKey, site.origin);
  await site.passwordless.finish(answer);
  await rejects(site.passwordless.finish(answer), { code: "access_denied" });

  const late = await site.passwordless.begin();
  const lateAnswer = await key.get(late.publicKey, site.origin);
  site.clock.advance(5 * 60 * 1000);
  await rejects(site.passwordless.finish(lateAnswer), { code: "expired" });

  const named = await site.login.begin("alice", {
    scope: "LOGIN",
    userVerificationRequirement: "required",
  });
  const namedAnswer = await key.get(named.publicKey, site.origin);
  await rejects(site.passwordless.finish(namedAnswer), { code: "access_denied" });
});

Deno.test("a passwordless challenge does not answer for a named user", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.passwordless.begin();
  const answer = await key.get(publicKey, site.origin);
  for (const scope of ["LOGIN", "UNSPECIFIED"] as const) {
    await rejects(site.login.finish("alice", answer, { scope }), { code: "access_denied" });
  }
});

Deno.test("of passwordless answers at the same moment one gets through", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.passwordless.begin();
  const answer = await key.get(publicKey, site.origin);
  const results = await Promise.allSettled(
    Array.from({ length: 4 }, () => site.passwordless.finish(answer)),
  );
  equal(results.filter(({ status }) => status === "fulfilled").length, 1);
});

Deno.test("a device that signs in without a name turns out to be resident", async () => {
  const { site, key } = await siteWithAlice();
  const device = await site.onlyDevice();
  ok(device.kind === "webauthn");
  await site.identity.upsertMFADevice("alice", {
    ...device,
    webauthn: { ...device.webauthn, residentKey: false, credentialRpId: "" },
  });
  const { device: after } = await login(site, key);
  ok(after.kind === "webauthn");
  equal(after.webauthn.residentKey, true);
  equal(after.webauthn.credentialRpId, "example.com");
});

Deno.test("a counter that goes back is reported of passwordless logins too", async () => {
  const { site, key } = await siteWithAlice();
  await login(site, key, { counter: 50 });
  await login(site, key, { counter: 50 });
  equal(site.counterEvents.length, 1);
});
