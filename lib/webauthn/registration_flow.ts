/**
 * The registration ceremony, server side. Steps of WebAuthn L3 §7.1 are quoted by number; where no step is named the rule
 * is Teleport's or ours.
 *
 * Begin:
 *
 * 1. Give the user a WebAuthn id, once. Nothing else assigns one.
 * 2. Exclude the credentials that the user has of this kind; U2F devices and the other kind (resident or not) may be
 *    registered again on the same authenticator, which lets people upgrade.
 * 3. Ask for a resident key and user verification if passwordless, for neither if not; for direct attestation if the
 *    cluster looks at the maker.
 * 4. Store a random challenge with what was asked, and send it (steps 1 and 2).
 *
 * Finish:
 *
 * 1. Read answer, client data, attestation object, authenticator data and key strictly (steps 3 to 6 and 13).
 * 2. `C.type` is `webauthn.create` (step 7); not inside another site's frame (steps 10 and 11).
 * 3. The origin belongs to the relying party (step 9).
 * 4. The challenge was issued, to this user, waits (step 8), and was for the same kind of registration.
 * 5. The credential id has at most 1023 bytes (step 25) and is not registered yet (step 26; over all users by storage).
 * 6. `rpIdHash` (step 14), UP (step 15), UV for passwordless (step 16), BE and BS (step 17), the algorithm (step 20), the
 *    attestation statement (steps 21 and 22), and its maker (steps 23 and 24).
 * 7. Use the challenge up: of two answers at the same moment one gets through.
 * 8. Store the device (step 27).
 *
 * @module
 */

import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import type { CredentialCreation, CredentialCreationResponse } from "../wire/webauthn.ts";
import { belongsTo } from "./assertion.ts";
import { hasAttestationPolicy, verifyAttestationPolicy } from "./attestation.ts";
import { equalBytes, fromBase64Url, toBase64Url } from "./bytes.ts";
import { SUPPORTED_ALGORITHMS } from "./cose_key.ts";
import { checkResidency, readCreation } from "./creation_response.ts";
import { credentialIdOf } from "./device.ts";
import { validateOrigin } from "./origin.ts";
import {
  CHALLENGE_LIFETIME_MS,
  consumeChallenge,
  issueChallenge,
  openChallenge,
  userChallenges,
} from "./session.ts";
import type { MFADevice, RegistrationIdentity, SessionData, WebauthnConfig } from "./types.ts";
import { verifyRegistration } from "./verify.ts";

/** What a {@linkcode RegistrationFlow} is made of. */
export interface RegistrationFlowOptions {
  /** The relying party. */
  webauthn: WebauthnConfig;
  /** Users, devices and waiting challenges. */
  identity: RegistrationIdentity;
  /** Time and randomness. */
  deps: Pick<Deps, "clock" | "random">;
}

/** What is needed to finish a registration. */
export interface RegisterResponse {
  /** The device's owner. */
  user: string;
  /** Name of the new device, at most 255 characters. */
  deviceName: string;
  /** What the client answered. */
  creationResponse: CredentialCreationResponse;
  /** Must be as at begin: callers may forgo the password for a passwordless registration. */
  passwordless: boolean;
}

/** Longest device name, UTF-16 units. */
const MAX_DEVICE_NAME_LENGTH = 255;

/** The registration of a new device: begin, have it signed, finish. The top of the file tells the steps. */
export class RegistrationFlow {
  readonly #options: RegistrationFlowOptions;

  /** Makes a flow; it keeps no state of its own. */
  constructor(options: RegistrationFlowOptions) {
    this.#options = options;
  }

  /**
   * Asks for a new credential, a discoverable one that verifies its user if `passwordless`. Assigns the user's WebAuthn
   * id when there is none.
   *
   * @throws {ToolError} `bad_parameter`
   */
  async begin(user: string, passwordless: boolean): Promise<CredentialCreation> {
    if (user === "") throw new ToolError("bad_parameter", "user required");
    const { webauthn, identity, deps } = this.#options;
    const devices = await identity.getMFADevices(user, { withSecrets: false });
    const excluded = devices.filter((device) =>
      device.kind === "webauthn" && device.webauthn.residentKey === passwordless &&
      belongsTo(device.webauthn.credentialRpId, webauthn.rpId)
    );
    const userId = await this.#assignWebauthnId(user);
    const userVerification = passwordless ? "required" : "discouraged";

    const challenge = await issueChallenge(
      userChallenges(identity, user, "registration"),
      { userId, allowCredentials: [], residentKey: passwordless, userVerification },
      deps,
    );
    return {
      publicKey: {
        rp: { id: webauthn.rpId, name: webauthn.rpName ?? webauthn.rpId },
        user: { id: toBase64Url(userId), name: user, displayName: user },
        challenge,
        pubKeyCredParams: SUPPORTED_ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        timeout: CHALLENGE_LIFETIME_MS,
        excludeCredentials: excluded.map((device) => ({
          type: "public-key",
          id: toBase64Url(credentialIdOf(device)),
        })),
        authenticatorSelection: {
          requireResidentKey: passwordless,
          residentKey: passwordless ? "required" : "discouraged",
          userVerification,
        },
        attestation: hasAttestationPolicy(webauthn) ? "direct" : "none",
        extensions: { credProps: true },
      },
    };
  }

  /**
   * Verifies the answer to a challenge of {@linkcode RegistrationFlow.begin}, uses the challenge up, and stores the new
   * device.
   *
   * @throws {ToolError} `bad_parameter` for a malformed answer, `access_denied` for a wrong one, `expired`,
   * `already_exists` for a credential or name that the user has.
   */
  async finish(request: RegisterResponse): Promise<MFADevice> {
    checkNames(request);
    const { webauthn, identity, deps: { clock, random } } = this.#options;
    const { user, deviceName, passwordless } = request;
    const { response, clientData, attestation, authenticatorData, attested, key } = readCreation(
      request.creationResponse,
    );
    validateOrigin(clientData.origin, webauthn.rpId);

    const challenges = userChallenges(identity, user, "registration");
    const session = await openChallenge(challenges, clientData.challenge, clock);
    await this.#checkSession(session, request);
    checkResidency(response, passwordless);
    await this.#checkUnused(user, { deviceName, credentialId: attested.credentialId });

    const nowMs = clock.now();
    await verifyRegistration(response, {
      challenge: clientData.challenge,
      origin: clientData.origin,
      rpId: webauthn.rpId,
      requireUserVerification: passwordless,
      attestation,
      key,
      nowMs,
    });
    verifyAttestationPolicy(webauthn, attestation, nowMs);
    await consumeChallenge(challenges, clientData.challenge);

    const device: MFADevice = {
      kind: "webauthn",
      id: random.uuid(),
      name: deviceName,
      addedAtMs: nowMs,
      lastUsedMs: nowMs,
      webauthn: {
        credentialId: attested.credentialId,
        publicKeyCbor: attested.publicKeyCbor,
        attestationType: attestation.format,
        aaguid: attested.aaguid,
        signatureCounter: authenticatorData.signatureCounter,
        // Some platforms make resident keys whether asked or not, and say so.
        residentKey: passwordless || response.clientExtensionResults.credProps?.rk === true,
        credentialRpId: webauthn.rpId,
        ...(attestation.format === "none"
          ? {}
          : { attestationObject: fromBase64Url(response.response.attestationObject) }),
      },
    };
    await identity.upsertMFADevice(user, device);
    return device;
  }

  /** The user's WebAuthn id: a random UUID as text, as Teleport has them. */
  async #assignWebauthnId(user: string): Promise<Uint8Array> {
    const { identity, deps: { random } } = this.#options;
    const known = await identity.getWebauthnLocalAuth(user).catch(ifNotFound(undefined));
    if (known === undefined) {
      const userId = new TextEncoder().encode(random.uuid());
      await identity.upsertWebauthnLocalAuth(user, { userId });
      return userId;
    }
    // Mends the way back from id to user where it is broken: passwordless logins go by it.
    const indexed = await identity.getTeleportUserByWebauthnID(known.userId).catch(ifNotFound(""));
    if (indexed !== user) await identity.upsertWebauthnLocalAuth(user, known);
    return known.userId;
  }

  /** Step 4 of Finish: made for this user, and for this kind of registration. */
  async #checkSession(
    session: SessionData,
    { user, passwordless }: RegisterResponse,
  ): Promise<void> {
    if (session.challengeExtensions !== undefined) {
      throw new ToolError("access_denied", "the challenge was not made for a registration");
    }
    const localAuth = await this.#options.identity.getWebauthnLocalAuth(user)
      .catch(ifNotFound(undefined));
    if (localAuth === undefined || !equalBytes(session.userId, localAuth.userId)) {
      throw new ToolError("access_denied", "the challenge was made for another user");
    }
    if (passwordless && !session.residentKey) {
      throw new ToolError(
        "bad_parameter",
        "passwordless registration failed, requested CredentialCreation was for an MFA registration",
      );
    }
    if (!passwordless && session.residentKey) {
      throw new ToolError(
        "bad_parameter",
        "MFA registration failed, requested CredentialCreation was for a passwordless registration",
      );
    }
  }

  /** Step 5 of Finish, for this user. Storage answers for all others. */
  async #checkUnused(
    user: string,
    { deviceName, credentialId }: { deviceName: string; credentialId: Uint8Array },
  ): Promise<void> {
    const devices = await this.#options.identity.getMFADevices(user, { withSecrets: false });
    if (devices.some((device) => equalBytes(credentialIdOf(device), credentialId))) {
      throw new ToolError("already_exists", "this credential is registered already");
    }
    if (devices.some((device) => device.name === deviceName)) {
      throw new ToolError(
        "already_exists",
        `MFA device with name ${JSON.stringify(deviceName)} already exists`,
      );
    }
  }
}

function checkNames({ user, deviceName }: RegisterResponse): void {
  if (user === "") throw new ToolError("bad_parameter", "user required");
  if (deviceName === "") throw new ToolError("bad_parameter", "device name required");
  if (deviceName.length > MAX_DEVICE_NAME_LENGTH || /\p{Cc}/u.test(deviceName)) {
    throw new ToolError(
      "bad_parameter",
      `device name must have at most ${MAX_DEVICE_NAME_LENGTH} characters, none of them a control character`,
    );
  }
}

/** For `catch`: `value` where there is nothing, any other error as it is. */
function ifNotFound<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isToolError(error, "not_found")) return value;
    throw error;
  };
}
