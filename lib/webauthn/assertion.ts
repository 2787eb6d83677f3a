/**
 * The authentication ceremony, server side, as LoginFlow and PasswordlessFlow share it. Steps of WebAuthn L3 §7.2 are
 * quoted by number; where no step is named the rule is Teleport's or ours.
 *
 * Begin:
 *
 * 1. Check the requested extensions: reuse only for scope ADMIN_ACTION.
 * 2. List the user's credentials that belong to the relying party, non-resident ones first (none for passwordless).
 * 3. Store a random challenge with the extensions, and send it (steps 1 and 2).
 *
 * Finish:
 *
 * 1. Read answer, client data and authenticator data strictly (steps 3, 4, 7 to 9).
 * 2. `C.type` is `webauthn.get` (step 10); not inside another site's frame (steps 13 and 14).
 * 3. The origin belongs to the relying party (step 12).
 * 4. The challenge was issued, to this user, and waits (step 11); its extensions satisfy what the action demands.
 * 5. Identify the user: named beforehand, or by the `userHandle`, which if present must be the user's (step 6).
 * 6. The credential was asked for (step 5), is the user's (step 6) and belongs to the relying party; a U2F device signs
 *    for the app id.
 * 7. `rpIdHash` (step 15), UP (step 16), UV where required (step 17), BE and BS (step 18), and the signature (steps 20
 *    and 21).
 * 8. Use the challenge up, unless it may be answered again. Of two answers at the same moment one gets through.
 * 9. Judge the signature counter (step 22): one that did not grow is a sign of a cloned key. It is let pass with a
 *    warning and an event, as the specification and Teleport leave it, and the higher counter is kept.
 * 10. Update the device: counter, last use, and what old devices lack (steps 23 and 24).
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import {
  type CredentialAssertionResponse,
  credentialAssertionResponseSchema,
} from "../wire/webauthn.ts";
import { parseAuthenticatorData } from "./authenticator_data.ts";
import { equalBytes, fromBase64Url } from "./bytes.ts";
import { parseClientData } from "./client_data.ts";
import { credentialIdOf, judgeCounter, publicKeyOf, updateDevice } from "./device.ts";
import { allowsReuse, checkStoredExtensions } from "./extensions.ts";
import { validateOrigin } from "./origin.ts";
import { type ChallengeStore, consumeChallenge, openChallenge } from "./session.ts";
import type {
  ChallengeExtensions,
  CounterWentBack,
  LoginData,
  LoginIdentity,
  MFADevice,
  SessionData,
  U2FConfig,
  WebauthnConfig,
} from "./types.ts";
import { verifyAssertion } from "./verify.ts";

const log = getLogger(["latchkey", "webauthn"]);

/** What a login of either kind is made of. */
export interface AssertionContext {
  webauthn: WebauthnConfig;
  u2f?: U2FConfig;
  identity: Pick<LoginIdentity, "getMFADevices" | "upsertMFADevice">;
  deps: Pick<Deps, "clock">;
  onCounterWentBack?: (event: CounterWentBack) => void | Promise<void>;
  challenges: ChallengeStore;
  /** Whose answer it is, with the user's WebAuthn id, which only users with nothing but U2F devices lack. */
  identify(userHandle: Uint8Array | undefined): Promise<{ user: string; webauthnId?: Uint8Array }>;
  /** Whether the user is found by the `userHandle`. */
  passwordless: boolean;
}

/** Judges an answer, steps 1 to 10 of Finish above. */
export async function finishAssertion(
  context: AssertionContext,
  untrusted: CredentialAssertionResponse,
  required: ChallengeExtensions,
): Promise<LoginData> {
  const { webauthn, identity, deps: { clock }, challenges, passwordless } = context;
  const { response, clientData, authenticatorData, credentialId, userHandle } = read(untrusted);
  validateOrigin(clientData.origin, webauthn.rpId);

  const session = await openChallenge(challenges, clientData.challenge, clock);
  const extensions = checkStoredExtensions(session, required);

  const { user, webauthnId } = await context.identify(userHandle);
  checkUser({ session, webauthnId, userHandle, passwordless });

  const device = await findDevice(context, user, { credentialId, session });
  await verifyAssertion(response, publicKeyOf(device), {
    challenge: clientData.challenge,
    origin: clientData.origin,
    rpId: expectedRpId(context, device),
    requireUserVerification: requiresUserVerification(session, required),
  });

  const reusable = allowsReuse(extensions);
  if (!reusable) await consumeChallenge(challenges, clientData.challenge);

  const counter = judgeCounter(device, authenticatorData.signatureCounter, { reusable });
  const updated = updateDevice(device, {
    counter: counter.kept,
    lastUsedMs: clock.now(),
    rpId: webauthn.rpId,
    passwordless,
  });
  await identity.upsertMFADevice(user, updated);
  if (counter.wentBack) {
    log.warn(
      "Counter of device {device} of user {user} went back from {stored} to {received}: it may be a clone, or malfunction",
      { user, device: device.name, stored: counter.stored, received: counter.received },
    );
    const { stored, received } = counter;
    await context.onCounterWentBack?.({ user, device: updated, stored, received });
  }
  return { user, device: updated, allowReuse: reusable ? "YES" : "NO" };
}

/** Reads everything that came from outside. Throws `bad_parameter`. */
function read(untrusted: CredentialAssertionResponse) {
  const parsed = credentialAssertionResponseSchema.safeParse(untrusted);
  if (!parsed.success) {
    throw new ToolError("bad_parameter", "malformed credential assertion response", {
      cause: parsed.error,
    });
  }
  const response = parsed.data;
  if (response.id !== response.rawId) {
    throw new ToolError("bad_parameter", "credential id and rawId differ");
  }
  const { userHandle } = response.response;
  return {
    response,
    credentialId: fromBase64Url(response.rawId),
    userHandle: userHandle === undefined ? undefined : fromBase64Url(userHandle),
    clientData: parseClientData(fromBase64Url(response.response.clientDataJSON), "webauthn.get"),
    authenticatorData: parseAuthenticatorData(fromBase64Url(response.response.authenticatorData)),
  };
}

/** Step 6, and that the challenge was made for this very user (who may have been reset meanwhile). */
function checkUser({ session, webauthnId, userHandle, passwordless }: {
  session: SessionData;
  webauthnId: Uint8Array | undefined;
  userHandle: Uint8Array | undefined;
  passwordless: boolean;
}): void {
  const none = new Uint8Array();
  if (userHandle !== undefined && !equalBytes(userHandle, webauthnId ?? none)) {
    throw new ToolError("access_denied", "the credential belongs to another user");
  }
  const madeFor = passwordless ? none : webauthnId ?? none;
  if (!equalBytes(session.userId, madeFor)) {
    throw new ToolError("access_denied", "the challenge was made for another user");
  }
}

/** Steps 5 and 6. */
async function findDevice(
  { identity, webauthn, passwordless }: AssertionContext,
  user: string,
  { credentialId, session }: { credentialId: Uint8Array; session: SessionData },
): Promise<MFADevice> {
  const isAnswering = (id: Uint8Array) => equalBytes(id, credentialId);
  if (!passwordless && !session.allowCredentials.some(isAnswering)) {
    throw new ToolError("access_denied", "this credential was not asked for");
  }
  const devices = await identity.getMFADevices(user, { withSecrets: true });
  const device = devices.find((candidate) => isAnswering(credentialIdOf(candidate)));
  if (device === undefined) throw new ToolError("access_denied", "unknown device credential");
  if (device.kind === "webauthn" && !belongsTo(device.webauthn.credentialRpId, webauthn.rpId)) {
    throw new ToolError("access_denied", "the credential belongs to another relying party");
  }
  return device;
}

/** Devices older than the field belong to whatever the cluster's relying party is. */
export function belongsTo(credentialRpId: string, rpId: string): boolean {
  return credentialRpId === "" || credentialRpId === rpId;
}

/** WebAuthn L2 §10.1: a U2F device signs for the app id. */
function expectedRpId({ webauthn, u2f }: AssertionContext, device: MFADevice): string {
  if (device.kind === "webauthn") return webauthn.rpId;
  if (u2f === undefined || u2f.appId === "") {
    throw new ToolError(
      "bad_parameter",
      "U2F device attempted login, but U2F configuration not present",
    );
  }
  return u2f.appId;
}

/** Step 17. What the action demands counts even where the challenge asked for less. */
function requiresUserVerification(session: SessionData, required: ChallengeExtensions): boolean {
  if (session.userVerification === "required") return true;
  if (required.userVerificationRequirement !== "required") return false;
  log.warn("User verification is required of the answer, and was not asked for with the challenge");
  return true;
}
