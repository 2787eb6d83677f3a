import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import type { CredentialAssertion, CredentialAssertionResponse } from "../wire/webauthn.ts";
import { finishAssertion } from "./assertion.ts";
import { CHALLENGE_LIFETIME_MS, type ChallengeStore, issueChallenge } from "./session.ts";
import type {
  ChallengeExtensions,
  CounterWentBack,
  LoginData,
  PasswordlessIdentity,
  WebauthnConfig,
} from "./types.ts";

/** What a {@linkcode PasswordlessFlow} is made of. */
export interface PasswordlessFlowOptions {
  /** The relying party. */
  webauthn: WebauthnConfig;
  /** Users, devices and waiting challenges. */
  identity: PasswordlessIdentity;
  /** Time and randomness. */
  deps: Pick<Deps, "clock" | "random">;
  /** Told of a login whose counter went back, for the audit log. The login has been let pass. */
  onCounterWentBack?: (event: CounterWentBack) => void | Promise<void>;
}

/** The scope under which challenges for nobody in particular are stored. */
const GLOBAL_SCOPE = "login";

const EXTENSIONS: ChallengeExtensions = {
  scope: "PASSWORDLESS_LOGIN",
  allowReuse: "NO",
  userVerificationRequirement: "required",
};

/**
 * A login with a discoverable credential, which says by itself whose it is: no user name, no password, but the key
 * verifies its user (PIN, fingerprint). For user verification after the login, use `LoginFlow` with
 * `userVerificationRequirement`.
 */
export class PasswordlessFlow {
  readonly #options: PasswordlessFlowOptions;

  /** Makes a flow; it keeps no state of its own. */
  constructor(options: PasswordlessFlowOptions) {
    this.#options = options;
  }

  /** Makes a challenge for any user and stores it for 5 minutes. */
  async begin(): Promise<CredentialAssertion> {
    const { webauthn, deps } = this.#options;
    const challenge = await issueChallenge(
      this.#challenges(),
      {
        userId: new Uint8Array(),
        allowCredentials: [],
        residentKey: false,
        userVerification: "required",
        challengeExtensions: { ...EXTENSIONS },
      },
      deps,
    );
    return {
      publicKey: {
        challenge,
        timeout: CHALLENGE_LIFETIME_MS,
        rpId: webauthn.rpId,
        userVerification: "required",
      },
    };
  }

  /**
   * Verifies the answer, finds the user by its `userHandle`, uses the challenge up and brings the device up to date.
   *
   * @throws {ToolError} `bad_parameter` for a malformed answer, `access_denied` for a wrong one, `expired`.
   */
  async finish(response: CredentialAssertionResponse): Promise<LoginData> {
    const context = {
      ...this.#options,
      challenges: this.#challenges(),
      identify: (userHandle: Uint8Array | undefined) => this.#identify(userHandle),
      passwordless: true,
    };
    return await finishAssertion(context, response, EXTENSIONS);
  }

  #challenges(): ChallengeStore {
    const { identity } = this.#options;
    return {
      put: (id, data) => identity.upsertGlobalWebauthnSessionData(GLOBAL_SCOPE, id, data),
      get: (id) => identity.getGlobalWebauthnSessionData(GLOBAL_SCOPE, id),
      delete: (id) => identity.deleteGlobalWebauthnSessionData(GLOBAL_SCOPE, id),
    };
  }

  async #identify(
    userHandle: Uint8Array | undefined,
  ): Promise<{ user: string; webauthnId: Uint8Array }> {
    if (userHandle === undefined) {
      throw new ToolError("bad_parameter", "webauthn user handle required for passwordless");
    }
    try {
      const user = await this.#options.identity.getTeleportUserByWebauthnID(userHandle);
      return { user, webauthnId: userHandle };
    } catch (error) {
      if (!isToolError(error, "not_found")) throw error;
      throw new ToolError("access_denied", "unknown device credential", { cause: error });
    }
  }
}
