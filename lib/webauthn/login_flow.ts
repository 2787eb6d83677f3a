import { getLogger } from "@logtape/logtape";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import type { CredentialAssertion, CredentialAssertionResponse } from "../wire/webauthn.ts";
import { belongsTo, finishAssertion } from "./assertion.ts";
import { toBase64Url } from "./bytes.ts";
import { credentialIdOf, isResident } from "./device.ts";
import { InvalidCredentialsError } from "./errors.ts";
import { checkPresent, checkRequestedExtensions } from "./extensions.ts";
import { CHALLENGE_LIFETIME_MS, issueChallenge, userChallenges } from "./session.ts";
import type {
  ChallengeExtensions,
  CounterWentBack,
  LoginData,
  LoginIdentity,
  MFADevice,
  U2FConfig,
  WebauthnConfig,
} from "./types.ts";

const log = getLogger(["latchkey", "webauthn"]);

/** What a {@linkcode LoginFlow} is made of. */
export interface LoginFlowOptions {
  /** The relying party. */
  webauthn: WebauthnConfig;
  /** For devices registered before WebAuthn. */
  u2f?: U2FConfig;
  /** Users, devices and waiting challenges. */
  identity: LoginIdentity;
  /** Time and randomness. */
  deps: Pick<Deps, "clock" | "random">;
  /** Told of a login whose counter went back, for the audit log. The login has been let pass. */
  onCounterWentBack?: (event: CounterWentBack) => void | Promise<void>;
}

/**
 * A login with a security key, by a user who is known already: the second step after a password, the check that somebody
 * is there, the approval of a headless request.
 *
 * 1. The client asks for a challenge.
 * 2. {@linkcode LoginFlow.begin} makes a `CredentialAssertion`.
 * 3. The client has it signed by a touch and answers with a `CredentialAssertionResponse`.
 * 4. {@linkcode LoginFlow.finish} verifies it (`assertion.ts` tells how).
 *
 * @example Approving a headless request
 * ```ts
 * import { LoginFlow, type LoginFlowOptions } from "./mod.ts";
 * import type { CredentialAssertionResponse } from "../wire/webauthn.ts";
 *
 * async function approve(options: LoginFlowOptions, sign: (challenge: unknown) => Promise<CredentialAssertionResponse>) {
 *   const flow = new LoginFlow(options);
 *   const assertion = await flow.begin("alice", { scope: "HEADLESS_LOGIN" });
 *   const { device } = await flow.finish("alice", await sign(assertion), { scope: "HEADLESS_LOGIN" });
 *   return device.name;
 * }
 * ```
 */
export class LoginFlow {
  readonly #options: LoginFlowOptions;

  /** Makes a flow; it keeps no state of its own. */
  constructor(options: LoginFlowOptions) {
    this.#options = options;
  }

  /**
   * Makes a challenge for the user's devices and stores it with its extensions for 5 minutes.
   *
   * @throws {ToolError} `bad_parameter` for wrong extensions, `not_found` for a user without devices,
   * {@linkcode InvalidCredentialsError} for one whose devices all belong to other relying party ids.
   */
  async begin(
    user: string,
    challengeExtensions: ChallengeExtensions,
  ): Promise<CredentialAssertion> {
    checkCall(user, challengeExtensions);
    checkRequestedExtensions(challengeExtensions);
    const { webauthn, u2f, identity, deps } = this.#options;
    const userId = await webauthnIdOf(identity, user) ?? new Uint8Array();
    const devices = await this.#usableDevices(user);
    const allowCredentials = devices.map(credentialIdOf);
    // Without a wish "discouraged": anything else makes some browsers ask for a PIN that nobody needs.
    const userVerification = challengeExtensions.userVerificationRequirement ?? "discouraged";

    const challenge = await issueChallenge(
      userChallenges(identity, user, "login"),
      {
        userId,
        allowCredentials,
        residentKey: false,
        userVerification,
        challengeExtensions: { ...challengeExtensions },
      },
      deps,
    );
    return {
      publicKey: {
        challenge,
        timeout: CHALLENGE_LIFETIME_MS,
        rpId: webauthn.rpId,
        allowCredentials: allowCredentials.map((id) => ({
          type: "public-key",
          id: toBase64Url(id),
        })),
        userVerification,
        ...(u2f?.appId ? { extensions: { appid: u2f.appId } } : {}),
      },
    };
  }

  /**
   * Verifies the answer to a challenge of {@linkcode LoginFlow.begin}, uses the challenge up unless it may be answered
   * again, and brings the device's counter and last use up to date.
   *
   * @throws {ToolError} `bad_parameter` for a malformed answer, `access_denied` for a wrong one, `expired`.
   */
  async finish(
    user: string,
    response: CredentialAssertionResponse,
    requiredExtensions: ChallengeExtensions,
  ): Promise<LoginData> {
    checkCall(user, requiredExtensions);
    checkPresent(requiredExtensions, "required");
    const { identity } = this.#options;
    const context = {
      ...this.#options,
      challenges: userChallenges(identity, user, "login"),
      identify: async () => ({ user, webauthnId: await webauthnIdOf(identity, user) }),
      passwordless: false,
    };
    return await finishAssertion(context, response, requiredExtensions);
  }

  /** The user's devices of this relying party, non-resident ones first: some clients take the first that is there. */
  async #usableDevices(user: string): Promise<MFADevice[]> {
    const { identity, webauthn: { rpId } } = this.#options;
    const all = await identity.getMFADevices(user, { withSecrets: false });
    const usable: MFADevice[] = [];
    for (const device of all) {
      if (device.kind === "u2f" || belongsTo(device.webauthn.credentialRpId, rpId)) {
        usable.push(device);
        continue;
      }
      log.error(
        "Device {device} of user {user} was registered for rp_id {deviceRpId}, not {rpId}, and is left out. A cluster " +
          "cannot change its rp_id: change it back, or reset the users so that they register their devices again.",
        { user, device: device.name, deviceRpId: device.webauthn.credentialRpId, rpId },
      );
    }
    if (usable.length === 0 && all.length > 0) throw new InvalidCredentialsError();
    if (usable.length === 0) {
      throw new ToolError("not_found", `found no credentials for user ${JSON.stringify(user)}`);
    }
    return usable.sort((a, b) => Number(isResident(a)) - Number(isResident(b)));
  }
}

/** What begin and finish refuse alike. */
function checkCall(user: string, extensions: ChallengeExtensions | null | undefined): void {
  if (user === "") throw new ToolError("bad_parameter", "user required");
  if (extensions?.scope === "PASSWORDLESS_LOGIN") {
    throw new ToolError(
      "bad_parameter",
      "a login of a named user cannot have a passwordless scope",
    );
  }
}

/** The user's WebAuthn id. Users who have nothing but U2F devices may have none. */
async function webauthnIdOf(
  identity: LoginIdentity,
  user: string,
): Promise<Uint8Array | undefined> {
  try {
    return (await identity.getWebauthnLocalAuth(user)).userId;
  } catch (error) {
    if (isToolError(error, "not_found")) return undefined;
    throw error;
  }
}
