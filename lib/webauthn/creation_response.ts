import { ToolError } from "../errors/mod.ts";
import {
  type CredentialCreationResponse,
  credentialCreationResponseSchema,
  MAX_CREDENTIAL_ID_BYTES,
} from "../wire/webauthn.ts";
import { type AttestationObject, parseAttestationObject } from "./attestation_object.ts";
import {
  type AttestedCredential,
  type AuthenticatorData,
  parseAuthenticatorData,
} from "./authenticator_data.ts";
import { fromBase64Url, toBase64Url } from "./bytes.ts";
import { type ClientData, parseClientData } from "./client_data.ts";
import { type CoseKey, readCoseKey } from "./cose_key.ts";

/** An answer to a registration, read but not yet believed. */
export interface Creation {
  response: CredentialCreationResponse;
  clientData: ClientData;
  attestation: AttestationObject;
  authenticatorData: AuthenticatorData;
  attested: AttestedCredential;
  key: CoseKey;
}

/**
 * Reads an answer to a registration, and everything in it.
 *
 * @throws {ToolError} `bad_parameter`
 */
export function readCreation(untrusted: CredentialCreationResponse): Creation {
  const parsed = credentialCreationResponseSchema.safeParse(untrusted);
  if (!parsed.success) {
    throw new ToolError("bad_parameter", "malformed credential creation response", {
      cause: parsed.error,
    });
  }
  const response = parsed.data;
  const clientData = parseClientData(
    fromBase64Url(response.response.clientDataJSON),
    "webauthn.create",
  );
  const attestation = parseAttestationObject(fromBase64Url(response.response.attestationObject));
  const authenticatorData = parseAuthenticatorData(attestation.authenticatorData);
  const { attested } = authenticatorData;
  if (attested === undefined) throw new ToolError("bad_parameter", "no credential was attested");
  const { credentialId } = attested;
  if (credentialId.length === 0 || credentialId.length > MAX_CREDENTIAL_ID_BYTES) {
    throw new ToolError("bad_parameter", "the credential id is empty or too long");
  }
  const named = toBase64Url(credentialId);
  if (response.id !== named || response.rawId !== named) {
    throw new ToolError("bad_parameter", "credential id and attested credential differ");
  }
  const key = readCoseKey(attested.publicKeyCbor);
  return { response, clientData, attestation, authenticatorData, attested, key };
}

/**
 * A key that must be discoverable and says that it is not would lock its owner out.
 *
 * @throws {ToolError} `access_denied`
 */
export function checkResidency(response: CredentialCreationResponse, passwordless: boolean): void {
  if (passwordless && response.clientExtensionResults.credProps?.rk === false) {
    throw new ToolError(
      "access_denied",
      "the authenticator did not make a discoverable credential",
    );
  }
}
