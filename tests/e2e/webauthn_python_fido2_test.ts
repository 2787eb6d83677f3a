/**
 * python-fido2, an independent implementation, registers with our flows and signs for them: what it makes of our options,
 * and what we make of its answers, no code of ours has a part in.
 *
 * @module
 */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { CredentialAssertionResponse } from "../../lib/wire/webauthn.ts";
import { PythonClient } from "../support/python_fido2/mod.ts";
import { WebauthnSite } from "../support/webauthn_site.ts";

const LOGIN = { scope: "LOGIN" } as const;

async function register(
  site: WebauthnSite,
  client: PythonClient,
  { deviceName = "python", passwordless = false } = {},
) {
  const { publicKey } = await site.registration.begin("alice", passwordless);
  const creationResponse = await client.create(publicKey, site.origin);
  return await site.registration.finish({
    user: "alice",
    deviceName,
    creationResponse,
    passwordless,
  });
}

Deno.test("python-fido2 registers and signs in", async () => {
  await using client = await PythonClient.start();
  const site = new WebauthnSite();
  const device = await register(site, client);
  ok(device.kind === "webauthn");
  equal(device.webauthn.residentKey, false);

  for (let time = 0; time < 2; time++) {
    const { publicKey } = await site.login.begin("alice", LOGIN);
    const answer = await client.get(publicKey, site.origin);
    const data = await site.login.finish("alice", answer, LOGIN);
    equal(data.device.id, device.id);
    await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });
  }
  equal(site.counterEvents.length, 0);
});

Deno.test("python-fido2 verifies its user when that is required", async () => {
  await using client = await PythonClient.start();
  const site = new WebauthnSite();
  await register(site, client);
  const extensions = {
    scope: "CHANGE_PASSWORD",
    userVerificationRequirement: "required",
  } as const;
  const { publicKey } = await site.login.begin("alice", extensions);
  await site.login.finish("alice", await client.get(publicKey, site.origin), extensions);
});

Deno.test("python-fido2 signs in without a user name", async () => {
  await using client = await PythonClient.start();
  const site = new WebauthnSite();
  const device = await register(site, client, { passwordless: true });
  ok(device.kind === "webauthn" && device.webauthn.residentKey);
  const { publicKey } = await site.passwordless.begin();
  const answer = await client.get(publicKey, site.origin);
  ok(answer.response.userHandle);
  const data = await site.passwordless.finish(answer);
  deepEqual([data.user, data.device.id], ["alice", device.id]);
});

Deno.test("python-fido2 heeds our list of excluded credentials", async () => {
  await using client = await PythonClient.start();
  const site = new WebauthnSite();
  await register(site, client);
  await rejects(register(site, client, { deviceName: "again" }), /DEVICE_INELIGIBLE|EXCLUDED/);
});

Deno.test("python-fido2's answer is refused when one bit of any part is flipped", async () => {
  await using client = await PythonClient.start();
  const site = new WebauthnSite();
  await register(site, client);
  const { publicKey } = await site.login.begin("alice", LOGIN);
  const good = await client.get(publicKey, site.origin);
  for (const part of ["authenticatorData", "clientDataJSON", "signature"] as const) {
    const bytes = Uint8Array.fromBase64(good.response[part], { alphabet: "base64url" });
    for (let index = 0; index < bytes.length; index += 5) {
      const flipped = new Uint8Array(bytes);
      flipped[index]! ^= 1;
      const answer: CredentialAssertionResponse = {
        ...good,
        response: { ...good.response, [part]: flipped.toBase64({ alphabet: "base64url" }) },
      };
      await rejects(site.login.finish("alice", answer, LOGIN), `${part}[${index}]`);
    }
  }
  await site.login.finish("alice", good, LOGIN);
});

Deno.test("python-fido2 refuses another site's relying party by itself", async () => {
  await using client = await PythonClient.start();
  const site = new WebauthnSite();
  const { publicKey } = await site.registration.begin("alice", false);
  await rejects(client.create(publicKey, "https://evilexample.com"), /BAD_REQUEST|INVALID/);
});
