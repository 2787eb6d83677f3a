/**
 * The cluster's mind: users and how they prove who they are, certificate authorities, headless logins, nodes and who may
 * reach them, the audit log.
 *
 * {@linkcode openAuth} makes an {@linkcode Auth}, the facade that the proxy and the RPCs (`rpc/mod.ts`) use. `access/mod.ts` is the
 * rule of who may log in where, for nodes; `admin/mod.ts` reads the administrator's identity, for tctl.
 *
 * @module
 */

export type { NodePolicy } from "./access/mod.ts";
export type * from "./auth.ts";
export { type AuthLimits, DEFAULT_LIMITS, type Rate } from "./limits.ts";
export { openAuth } from "./open_auth.ts";
export type { AuthOptions } from "./options.ts";
export { MAX_PASSWORD_BYTES, MIN_PASSWORD_LENGTH, type PasswordCost } from "./passwords.ts";
