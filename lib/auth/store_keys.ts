/**
 * Where the auth service keeps things in the backend. Secrets of strangers' making are never keys: tokens and sessions are
 * kept under their hash.
 *
 *     /users/<name>                    who the user is
 *     /passwords/<name>                the password's hash
 *     /devices/<name>/<device id>      second factors
 *     /credentials/<credential id>     whose credential it is
 *     /webauthn_ids/<name>             the user's WebAuthn id (user handle)
 *     /webauthn_users/<webauthn id>    whose WebAuthn id it is
 *     /challenges/<name>/<id>          login challenges (5 minutes)
 *     /global_challenges/<scope>/<id>  passwordless challenges (5 minutes)
 *     /invitations/<name>              hash of the one invitation that is good
 *     /tokens/<hash>                   whose invitation it is
 *     /enrolments/<hash>/…             what registration with that invitation has prepared
 *     /web_sessions/<name>/<hash>      who is signed in
 *     /known_addresses/<name>/<hash>   from where the user has got in lately
 *     /headless/<name>/<id>            headless requests that somebody looked at
 *     /nodes/<name>                    SSH nodes
 *     /hosts/<uuid>                    machines that have joined, and were not removed
 *     /host_names/<name>               whose name or address it is, of those machines
 *     /join_tokens/<hash>              with what machines join
 *     /roles/<name>                    roles that administrators made
 *     /settings/auth_preference        authentication settings
 *     /authorities/<user|host>         certificate authorities, with their private keys
 *
 * @module
 */

import { createHash } from "node:crypto";
import { key, prefix } from "../backend/mod.ts";

export const userKey = (name: string): string => key("users", name);
export const usersPrefix: string = prefix("users");
export const passwordKey = (name: string): string => key("passwords", name);
export const deviceKey = (name: string, id: string): string => key("devices", name, id);
export const devicesPrefix = (name: string): string => prefix("devices", name);
export const credentialKey = (id: Uint8Array): string => key("credentials", base64url(id));
export const webauthnIdKey = (name: string): string => key("webauthn_ids", name);
export const webauthnUserKey = (id: Uint8Array): string => key("webauthn_users", base64url(id));
export const challengeKey = (name: string, id: string): string => key("challenges", name, id);
export const globalChallengeKey = (scope: string, id: string): string =>
  key("global_challenges", scope, id);
export const invitationKey = (name: string): string => key("invitations", name);
export const tokenKey = (hash: string): string => key("tokens", hash);
export const enrolmentIdKey = (hash: string): string => key("enrolments", hash, "webauthn_id");
export const enrolmentChallengeKey = (hash: string, id: string): string =>
  key("enrolments", hash, "challenges", id);
export const webSessionKey = (name: string, hash: string): string =>
  key("web_sessions", name, hash);
export const webSessionsPrefix = (name: string): string => prefix("web_sessions", name);
export const knownAddressKey = (name: string, hash: string): string =>
  key("known_addresses", name, hash);
export const knownAddressesPrefix = (name: string): string => prefix("known_addresses", name);
export const headlessKey = (name: string, id: string): string => key("headless", name, id);
export const headlessPrefix = (name: string): string => prefix("headless", name);
export const allHeadlessPrefix: string = prefix("headless");
export const nodeKey = (name: string): string => key("nodes", name);
export const nodesPrefix: string = prefix("nodes");
export const hostKey = (id: string): string => key("hosts", id);
export const hostNameKey = (name: string): string => key("host_names", name);
export const joinTokenKey = (hash: string): string => key("join_tokens", hash);
export const joinTokensPrefix: string = prefix("join_tokens");
export const roleKey = (name: string): string => key("roles", name);
export const rolesPrefix: string = prefix("roles");
export const authPreferenceKey: string = key("settings", "auth_preference");
export const authorityKey = (kind: "user" | "host"): string => key("authorities", kind);

/** Under what a secret is kept: SHA-256, in hexadecimal. Secrets here are random and long, so a fast hash will do. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Bytes in base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
