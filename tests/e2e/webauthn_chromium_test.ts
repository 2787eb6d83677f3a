/**
 * A real browser with a virtual security key against our flows: its own idea of our options, its own client data.
 *
 * @module
 */

import { equal, ok, rejects } from "node:assert/strict";
import type { Page } from "playwright-core";
import type {
  CreationOptions,
  CredentialAssertionResponse,
  CredentialCreationResponse,
  RequestOptions,
} from "../../lib/wire/webauthn.ts";
import { Chromium, plugIn } from "../support/chromium.ts";
import { WebauthnSite } from "../support/webauthn_site.ts";

const LOGIN = { scope: "LOGIN" } as const;

/** A page on `http://localhost`, which counts as secure. */
function serve() {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response("<!doctype html><title>test</title>", {
        headers: { "content-type": "text/html" },
      }),
  );
}

/** Calls `navigator.credentials` in the page, with the browser's own reading and writing of JSON. */
function credentials(page: Page) {
  return {
    create: (publicKey: CreationOptions): Promise<CredentialCreationResponse> =>
      page.evaluate(
        `(async () => {
          const options = PublicKeyCredential.parseCreationOptionsFromJSON(${
          JSON.stringify(publicKey)
        });
          return (await navigator.credentials.create({ publicKey: options })).toJSON();
        })()`,
      ),
    get: (publicKey: RequestOptions): Promise<CredentialAssertionResponse> =>
      page.evaluate(
        `(async () => {
          const options = PublicKeyCredential.parseRequestOptionsFromJSON(${
          JSON.stringify(publicKey)
        });
          return (await navigator.credentials.get({ publicKey: options })).toJSON();
        })()`,
      ),
  };
}

async function register(
  site: WebauthnSite,
  page: Page,
  { deviceName = "chromium", passwordless = false } = {},
) {
  const { publicKey } = await site.registration.begin("alice", passwordless);
  const creationResponse = await credentials(page).create(publicKey);
  return await site.registration.finish({
    user: "alice",
    deviceName,
    creationResponse,
    passwordless,
  });
}

Deno.test("Chromium and our flows", async (t) => {
  await using server = serve();
  await using chromium = await Chromium.start();
  const url = `http://localhost:${server.addr.port}/`;
  const open = async () => {
    const page = await chromium.page();
    await page.goto(url);
    return page;
  };

  await t.step("registers a key and signs with it as second factor", async () => {
    const page = await open();
    const key = await plugIn(page);
    const site = new WebauthnSite({ webauthn: { rpId: "localhost" } });
    const device = await register(site, page);
    ok(device.kind === "webauthn");
    equal(device.webauthn.residentKey, false);
    equal((await key.credentials())[0]?.isResidentCredential, false);

    const { publicKey } = await site.login.begin("alice", LOGIN);
    const answer = await credentials(page).get(publicKey);
    const data = await site.login.finish("alice", answer, LOGIN);
    equal(data.device.name, "chromium");
    await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });
    await page.context().close();
  });

  await t.step("signs in without a user name", async () => {
    const page = await open();
    await plugIn(page);
    const site = new WebauthnSite({ webauthn: { rpId: "localhost" } });
    const device = await register(site, page, { passwordless: true });
    ok(device.kind === "webauthn" && device.webauthn.residentKey);
    const { publicKey } = await site.passwordless.begin();
    const data = await site.passwordless.finish(await credentials(page).get(publicKey));
    equal(data.user, "alice");
    await page.context().close();
  });

  await t.step("refuses to register an excluded key again, and takes the other kind", async () => {
    const page = await open();
    await plugIn(page);
    const site = new WebauthnSite({ webauthn: { rpId: "localhost" } });
    await register(site, page);
    await rejects(register(site, page, { deviceName: "again" }), /InvalidStateError/);
    await register(site, page, { deviceName: "passwordless", passwordless: true });
    await page.context().close();
  });

  await t.step("refuses a passwordless login when its user cannot be verified", async () => {
    const page = await open();
    const key = await plugIn(page);
    const site = new WebauthnSite({ webauthn: { rpId: "localhost" } });
    const device = await register(site, page, { passwordless: true });
    ok(device.kind === "webauthn");
    await key.setUserVerified(false);
    const { publicKey } = await site.passwordless.begin();
    await rejects(credentials(page).get(publicKey), /NotAllowedError/);

    // A page that asks for less than we did gets an answer, which we refuse.
    const id = device.webauthn.credentialId.toBase64({ alphabet: "base64url", omitPadding: true });
    const unverified = await credentials(page).get({
      ...publicKey,
      allowCredentials: [{ type: "public-key", id }],
      userVerification: "discouraged",
    });
    ok(unverified.response.userHandle);
    await rejects(site.passwordless.finish(unverified), { code: "access_denied" });
    await page.context().close();
  });

  await t.step("is let pass and reported when its counter goes back", async () => {
    const page = await open();
    const key = await plugIn(page);
    const site = new WebauthnSite({ webauthn: { rpId: "localhost" } });
    await register(site, page);
    const login = async () => {
      const { publicKey } = await site.login.begin("alice", LOGIN);
      await site.login.finish("alice", await credentials(page).get(publicKey), LOGIN);
    };
    await key.setSignCount(100);
    await login();
    equal(site.counterEvents.length, 0);
    await key.setSignCount(1);
    await login();
    equal(site.counterEvents.length, 1);
    await page.context().close();
  });

  await t.step(
    "gives direct attestation when there are lists, which refuse its maker",
    async () => {
      const page = await open();
      await plugIn(page);
      const { AttestationCa } = await import("../support/attestation_ca.ts");
      const ca = await AttestationCa.root("Good Keys Root");
      const site = new WebauthnSite({
        webauthn: { rpId: "localhost", attestationAllowedCas: [ca.pem] },
      });
      await rejects(register(site, page), {
        code: "access_denied",
        message: "failed to verify device attestation certificate",
      });
      const denying = new WebauthnSite({
        webauthn: { rpId: "localhost", attestationDeniedCas: [ca.pem] },
      });
      const device = await register(denying, page);
      ok(device.kind === "webauthn");
      equal(device.webauthn.attestationType, "packed");
      await page.context().close();
    },
  );
});
