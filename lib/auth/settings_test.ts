import assert from "node:assert/strict";
import { AuthCluster } from "../../tests/support/auth_cluster.ts";

Deno.test("defaults are Teleport's: headless and passwordless follow from WebAuthn", async () => {
  await using cluster = await AuthCluster.open();
  assert.deepEqual(await cluster.auth.settings.authPreference(), {
    type: "local",
    secondFactors: ["webauthn"],
    webauthn: { rpId: "localhost", rpName: "demo" },
    connectorName: "",
    allowHeadless: true,
    allowPasswordless: true,
    allowLocalAuth: true,
    requireSessionMfa: false,
  });
});

Deno.test("the configuration file's section is written over what is stored, and stays", async () => {
  await using cluster = await AuthCluster.open({
    store: "sqlite",
    authentication: {
      type: "local",
      connector_name: "headless",
      webauthn: { rp_id: "example.com" },
    },
  });
  await cluster.restart();
  const preference = await cluster.auth.settings.authPreference();
  assert.equal(preference.connectorName, "headless");
  assert.equal(preference.webauthn.rpId, "example.com");
});

Deno.test("contradictions are refused", async () => {
  const wrong = [
    { type: "local", webauthn: { rp_id: "127.0.0.1" } },
    { type: "local", webauthn: { rp_id: "https://example.com" } },
    { type: "local", connector_name: "headless", headless: false },
    { type: "local", connector_name: "passwordless", passwordless: false },
    { type: "local", webauthn: { rp_id: "a.example", attestation_allowed_cas: ["/nonexistent"] } },
  ] as const;
  for (const authentication of wrong) {
    await assert.rejects(
      AuthCluster.open({ authentication: structuredClone(authentication) as never }),
      { code: "bad_parameter" },
    );
  }
});
