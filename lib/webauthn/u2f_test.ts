import { equal, ok, rejects } from "node:assert/strict";
import { SoftwareKey, type Wrongness } from "../../tests/support/software_key.ts";
import { type SiteOptions, WebauthnSite } from "../../tests/support/webauthn_site.ts";

const APP_ID = "https://example.com:3080";
const LOGIN = { scope: "LOGIN" } as const;

/** A site where alice has one device, of the old U2F protocol. */
async function siteWithU2f(options: SiteOptions = { u2f: { appId: APP_ID } }) {
  const site = new WebauthnSite(options);
  const key = new SoftwareKey();
  const u2f = { ...key.registerU2f(APP_ID), counter: 3 };
  const device = { id: crypto.randomUUID(), name: "old", addedAtMs: 0, lastUsedMs: 0 };
  await site.identity.upsertMFADevice("alice", { ...device, kind: "u2f", u2f });
  return { site, key };
}

async function login(site: WebauthnSite, key: SoftwareKey, wrong: Wrongness = {}) {
  const { publicKey } = await site.login.begin("alice", LOGIN);
  equal(publicKey.extensions?.appid, APP_ID);
  return await site.login.finish("alice", await key.get(publicKey, site.origin, wrong), LOGIN);
}

Deno.test("a U2F device signs in with the app id, and its counter is kept", async () => {
  const { site, key } = await siteWithU2f();
  const { device } = await login(site, key, { counter: 9 });
  ok(device.kind === "u2f");
  equal(device.u2f.counter, 9);
  await login(site, key, { counter: 8 });
  equal(site.counterEvents[0]?.received, 8);
});

Deno.test("a U2F device cannot sign for the relying party id", async () => {
  const { site, key } = await siteWithU2f();
  await rejects(login(site, key, { rpId: "example.com" }), { code: "access_denied" });
});

Deno.test("a WebAuthn device cannot sign for the app id", async () => {
  const site = new WebauthnSite({ u2f: { appId: APP_ID } });
  const key = new SoftwareKey();
  await site.register(key);
  await rejects(login(site, key, { rpId: APP_ID }), { code: "access_denied" });
  await login(site, key);
});

Deno.test("without a U2F configuration a U2F device is refused with Teleport's words", async () => {
  const { site, key } = await siteWithU2f({});
  const { publicKey } = await site.login.begin("alice", LOGIN);
  equal(publicKey.extensions, undefined);
  const answer = await key.get({ ...publicKey, extensions: { appid: APP_ID } }, site.origin);
  await rejects(site.login.finish("alice", answer, LOGIN), {
    code: "bad_parameter",
    message: "U2F device attempted login, but U2F configuration not present",
  });
});

Deno.test("a user with a U2F device and a WebAuthn id may answer with either", async () => {
  const { site, key } = await siteWithU2f();
  const newer = new SoftwareKey();
  await site.register(newer, { deviceName: "new" });
  equal((await login(site, key)).device.name, "old");
  equal((await login(site, newer)).device.name, "new");
});
