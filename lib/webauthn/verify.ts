/**
 * The one place that calls @simplewebauthn/server. It is loaded at the first verification, because loading it takes
 * longer than starting the rest of a cluster, and its errors become `ToolError`s here.
 *
 * @module
 */

import { isToolError, ToolError } from "../errors/mod.ts";
import type { CredentialAssertionResponse, CredentialCreationResponse } from "../wire/webauthn.ts";
import type { AttestationObject } from "./attestation_object.ts";
import { toBase64Url } from "./bytes.ts";
import { type CoseKey, SUPPORTED_ALGORITHMS } from "./cose_key.ts";
import { verifyStatementRules } from "./statement_rules.ts";

/** What both kinds of answer are verified against. */
export interface Expected {
  challenge: Uint8Array;
  /** The origin in the client data, after {@linkcode validateOrigin} has accepted it. */
  origin: string;
  /** The relying party id, or the app id for a U2F device. */
  rpId: string;
  requireUserVerification: boolean;
}

/**
 * Verifies an assertion's signature, type, challenge, origin, relying party and flags with the library. The counter is not
 * judged here: the library gets a counter of 0, which every counter passes, because it would refuse one that went back.
 *
 * @throws {ToolError} `access_denied`
 */
export async function verifyAssertion(
  response: CredentialAssertionResponse,
  publicKeyCbor: Uint8Array,
  expected: Expected,
): Promise<void> {
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const { verified } = await refusing(
    "the WebAuthn answer could not be verified",
    () =>
      verifyAuthenticationResponse({
        response: { ...response, clientExtensionResults: {} },
        expectedChallenge: toBase64Url(expected.challenge),
        expectedOrigin: expected.origin,
        expectedRPID: expected.rpId,
        expectedType: "webauthn.get",
        requireUserVerification: expected.requireUserVerification,
        credential: {
          id: response.id,
          publicKey: new Uint8Array(publicKeyCbor),
          counter: 0,
        },
      }),
  );
  if (!verified) {
    throw new ToolError(
      "access_denied",
      "the WebAuthn answer could not be verified: bad signature",
    );
  }
}

/**
 * Verifies a registration: type, challenge, origin, relying party, flags, algorithm, and that the attestation statement
 * is one for this credential, by the library's rules and by {@linkcode verifyStatementRules}.
 *
 * @throws {ToolError} `access_denied` or `bad_parameter`
 */
export async function verifyRegistration(
  response: CredentialCreationResponse,
  { attestation, key, nowMs, ...expected }: Expected & {
    attestation: AttestationObject;
    key: CoseKey;
    nowMs: number;
  },
): Promise<void> {
  const { SettingsService, verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const roots = attestation.format === "apple" || attestation.format === "android-key"
    ? SettingsService.getRootCertificates({ identifier: attestation.format })
    : [];
  verifyStatementRules(attestation, { key, roots, nowMs });
  const { verified } = await refusing(
    "the WebAuthn registration could not be verified",
    () =>
      verifyRegistrationResponse({
        response: {
          id: response.id,
          rawId: response.rawId,
          type: response.type,
          response: {
            clientDataJSON: response.response.clientDataJSON,
            attestationObject: response.response.attestationObject,
          },
          clientExtensionResults: {},
        },
        expectedChallenge: toBase64Url(expected.challenge),
        expectedOrigin: expected.origin,
        expectedRPID: expected.rpId,
        expectedType: "webauthn.create",
        requireUserVerification: expected.requireUserVerification,
        supportedAlgorithmIDs: [...SUPPORTED_ALGORITHMS],
      }),
  );
  if (!verified) {
    throw new ToolError(
      "access_denied",
      "the WebAuthn registration could not be verified: bad attestation signature",
    );
  }
}

/** The library throws plain errors, whatever is wrong with an answer. */
async function refusing<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isToolError(cause)) throw cause;
    throw new ToolError("access_denied", message, { cause });
  }
}
