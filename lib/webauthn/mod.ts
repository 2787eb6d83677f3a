/**
 * Server-side Web Authentication (https://www.w3.org/TR/webauthn-3/): logins with a security key, passwordless logins, and
 * the registration of keys.
 *
 * Users, devices and waiting challenges are reached through identities, interfaces that the auth service implements. The
 * cryptography is @simplewebauthn/server's, loaded when the first answer comes.
 *
 * @module
 */

export { CHALLENGE_LIFETIME_MS } from "./session.ts";
export { SUPPORTED_ALGORITHMS } from "./cose_key.ts";
export { InvalidCredentialsError } from "./errors.ts";
export { LoginFlow, type LoginFlowOptions } from "./login_flow.ts";
export { PasswordlessFlow, type PasswordlessFlowOptions } from "./passwordless_flow.ts";
export {
  type RegisterResponse,
  RegistrationFlow,
  type RegistrationFlowOptions,
} from "./registration_flow.ts";
export { withDevices, withInMemorySessionData } from "./identities.ts";
export { validateOrigin } from "./origin.ts";
export type * from "./types.ts";
export type {
  Base64Url,
  ClientExtensionResults,
  CreationOptions,
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
  CredentialCreationResponse,
  CredentialDescriptor,
  RequestOptions,
  UserVerification,
} from "../wire/webauthn.ts";
