import { ToolError } from "../errors/mod.ts";
import type {
  ChallengeAllowReuse,
  ChallengeScope,
  MFADevice,
  UserVerificationRequirement,
} from "../webauthn/mod.ts";
import type { CredentialAssertion } from "../wire/webauthn.ts";
import type { Caller, Mfa } from "./auth.ts";
import type { Ceremonies } from "./ceremonies.ts";
import { requireUser } from "./errors.ts";
import type { IdentityStore } from "./identity_store.ts";
import type { RateLimiter } from "./rate_limiter.ts";

/** Challenges and devices of whoever is signed in. */
export class MfaService implements Mfa {
  readonly #ceremonies: Ceremonies;
  readonly #identities: IdentityStore;
  readonly #perUser: RateLimiter;

  /** Over the cluster's ceremonies. */
  constructor({ ceremonies, identities, perUser }: {
    ceremonies: Ceremonies;
    identities: IdentityStore;
    perUser: RateLimiter;
  }) {
    this.#ceremonies = ceremonies;
    this.#identities = identities;
    this.#perUser = perUser;
  }

  async challenge(caller: Caller, extensions: {
    scope: ChallengeScope;
    allowReuse?: ChallengeAllowReuse;
    userVerificationRequirement?: UserVerificationRequirement;
  }): Promise<CredentialAssertion> {
    const { user } = requireUser(caller);
    this.#perUser.take(user);
    // A challenge to sign in with is given for a password, never for a session.
    if (extensions.scope === "LOGIN" || extensions.scope === "PASSWORDLESS_LOGIN") {
      throw new ToolError("bad_parameter", "a challenge of this scope cannot be asked for");
    }
    return await this.#ceremonies.beginLogin(user, extensions);
  }

  async devices(caller: Caller): Promise<MFADevice[]> {
    return await this.#identities.getMFADevices(requireUser(caller).user, { withSecrets: false });
  }
}
