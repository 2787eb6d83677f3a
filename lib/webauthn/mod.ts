/**
 * Server-side Web Authentication (https://www.w3.org/TR/webauthn-3/): login, passwordless login and registration.
 *
 * @module
 */

export * from "./types.ts";
