import type { Backend, Change, Condition } from "../backend/mod.ts";
import { ToolError } from "../errors/mod.ts";
import type {
  MFADevice,
  RegistrationIdentity,
  SessionData,
  WebauthnLocalAuth,
} from "../webauthn/mod.ts";
import { credentialIdOf, type IdentityStore } from "./identity_store.ts";
import type { Grant } from "./invitations.ts";
import {
  credentialKey,
  enrolmentChallengeKey,
  enrolmentIdKey,
  webauthnIdKey,
} from "./store_keys.ts";

/**
 * The registration of one invited person, as RegistrationFlow sees it: nothing of the user's is written before
 * {@linkcode Enrolment.outcome} is, in the same atomic write that uses the invitation up. Until then the challenge, and the
 * WebAuthn id of a user who has none yet, are kept with the invitation and go when it goes.
 */
export class Enrolment implements RegistrationIdentity {
  readonly #backend: Backend;
  readonly #identities: IdentityStore;
  readonly #grant: Grant;
  #device: MFADevice | undefined;

  /** The registration that `grant` allows. */
  constructor(backend: Backend, identities: IdentityStore, grant: Grant) {
    this.#backend = backend;
    this.#identities = identities;
    this.#grant = grant;
  }

  /**
   * What the ceremony would have written, and on what condition: nobody, whoever it be, has registered the same credential.
   * Throws `internal` when the ceremony has not come to its end.
   */
  async outcome(): Promise<{ conditions: Condition[]; changes: Change[] }> {
    if (this.#device === undefined) {
      throw new ToolError("internal", "registration ended without a device");
    }
    const user = this.#grant.user.value.name;
    const localAuth = await this.getWebauthnLocalAuth(user);
    return {
      conditions: [{ key: credentialKey(credentialIdOf(this.#device)), exists: false }],
      changes: [
        ...this.#identities.deviceChanges(user, this.#device),
        { put: this.#identities.webauthnIds.encode(webauthnIdKey(user), localAuth) },
        this.#identities.ownerChange(localAuth.userId, user),
      ],
    };
  }

  async upsertWebauthnLocalAuth(_user: string, localAuth: WebauthnLocalAuth): Promise<void> {
    const { tokenHash, expiresAtMs } = this.#grant;
    await this.#backend.put(
      this.#identities.webauthnIds.encode(enrolmentIdKey(tokenHash), localAuth, expiresAtMs),
    );
  }

  async getWebauthnLocalAuth(user: string): Promise<WebauthnLocalAuth> {
    const prepared = await this.#identities.webauthnIds.find(
      enrolmentIdKey(this.#grant.tokenHash),
    );
    return await this.#identities.findWebauthnId(user) ?? prepared?.value ?? noId();
  }

  async getTeleportUserByWebauthnID(webauthnId: Uint8Array): Promise<string> {
    return await this.#identities.getTeleportUserByWebauthnID(webauthnId);
  }

  getMFADevices(user: string, options: { withSecrets: boolean }): Promise<MFADevice[]> {
    return this.#identities.getMFADevices(user, options);
  }

  upsertMFADevice(_user: string, device: MFADevice): Promise<void> {
    this.#device = device;
    return Promise.resolve();
  }

  async upsertWebauthnSessionData(_user: string, id: string, data: SessionData): Promise<void> {
    const expiresAtMs = Math.min(data.expiresAtMs, this.#grant.expiresAtMs);
    await this.#backend.put(
      this.#identities.challenges.encode(this.#challengeKey(id), data, expiresAtMs),
    );
  }

  getWebauthnSessionData(_user: string, id: string): Promise<SessionData> {
    return this.#identities.requireChallenge(this.#challengeKey(id));
  }

  deleteWebauthnSessionData(_user: string, id: string): Promise<void> {
    return this.#backend.delete(this.#challengeKey(id));
  }

  #challengeKey(id: string): string {
    return enrolmentChallengeKey(this.#grant.tokenHash, id);
  }
}

function noId(): never {
  throw new ToolError("not_found", "user has no WebAuthn id");
}
