/**
 * Assertions verified per second through `LoginFlow.finish`: reading, origin, challenge, signature, counter and the write
 * of the device, over storage in memory, one after the other on one core. Making the challenge and signing it are not
 * counted.
 *
 * @module
 */

import { type Algorithm, SoftwareKey } from "../support/software_key.ts";
import { WebauthnSite } from "../support/webauthn_site.ts";

const LOGIN = { scope: "LOGIN" } as const;

for (const algorithm of ["ES256", "EdDSA", "RS256"] as const satisfies Algorithm[]) {
  const site = new WebauthnSite();
  const key = new SoftwareKey({ algorithms: [algorithm] });
  await site.register(key);

  Deno.bench(`LoginFlow.finish() with ${algorithm}`, {
    group: "assertions",
    baseline: algorithm === "ES256",
  }, async (bench) => {
    const { publicKey } = await site.login.begin("alice", LOGIN);
    const answer = await key.get(publicKey, site.origin);
    bench.start();
    await site.login.finish("alice", answer, LOGIN);
    bench.end();
  });
}
