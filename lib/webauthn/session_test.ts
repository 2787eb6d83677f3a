import { rejects } from "node:assert/strict";
import { MemoryIdentity } from "../../tests/support/memory_identity.ts";
import { SoftwareKey } from "../../tests/support/software_key.ts";
import { WebauthnSite } from "../../tests/support/webauthn_site.ts";
import type { SessionData } from "./mod.ts";

const LOGIN = { scope: "LOGIN" } as const;

/** Storage that keeps one challenge a user, whatever its id: a mistake that must not become a hole. */
class ForgetfulIdentity extends MemoryIdentity {
  override upsertWebauthnSessionData(user: string, _id: string, data: SessionData): Promise<void> {
    return super.upsertWebauthnSessionData(user, "one", data);
  }

  override getWebauthnSessionData(user: string): Promise<SessionData> {
    return super.getWebauthnSessionData(user, "one");
  }

  override deleteWebauthnSessionData(user: string): Promise<void> {
    return super.deleteWebauthnSessionData(user, "one");
  }
}

Deno.test("an answer to one challenge is not judged by another that storage gives for it", async () => {
  const site = new WebauthnSite({ identity: new ForgetfulIdentity() });
  const key = new SoftwareKey();
  await site.register(key);
  const first = await site.login.begin("alice", LOGIN);
  const answer = await key.get(first.publicKey, site.origin);
  await site.login.begin("alice", LOGIN);
  await rejects(site.login.finish("alice", answer, LOGIN), { code: "access_denied" });
});

Deno.test("a login's challenge does not serve a registration, even if storage mixes them up", async () => {
  const site = new WebauthnSite({ identity: new ForgetfulIdentity() });
  await site.register(new SoftwareKey());
  const { publicKey } = await site.registration.begin("alice", false);
  const { publicKey: { challenge } } = await site.login.begin("alice", LOGIN);
  const creationResponse = await new SoftwareKey().create({ ...publicKey, challenge }, site.origin);
  await rejects(
    site.registration.finish({
      user: "alice",
      deviceName: "second",
      creationResponse,
      passwordless: false,
    }),
    { code: "access_denied", message: /not made for a registration/ },
  );
});
