/**
 * What is worth remembering, in Teleport's words: event types and codes are those of its audit log, so that whoever reads one
 * can read the other. Codes end in I (information), W (warning) or E (error).
 *
 * @module
 */

/** Event type and code of each thing that is recorded. */
export const AUDIT_EVENTS = {
  loginSucceeded: ["user.login", "T1000I"],
  loginFailed: ["user.login", "T1000W"],
  userCreated: ["user.create", "T1002I"],
  userUpdated: ["user.update", "T1003I"],
  userDeleted: ["user.delete", "T1004I"],
  passwordChanged: ["user.password_change", "T1005I"],
  deviceAdded: ["mfa.add", "T1006I"],
  headlessRequested: ["user.login", "T1012I"],
  headlessApproved: ["user.login", "T1013I"],
  headlessApprovalFailed: ["user.login", "T1013W"],
  headlessRejected: ["user.login", "T1014W"],
  invitationCreated: ["reset_password_token.create", "T6000I"],
  counterWentBack: ["mfa_auth_challenge.validate", "T1016W"],
  certificateIssued: ["cert.create", "TC000I"],
  roleCreated: ["role.created", "T9000I"],
  roleDeleted: ["role.deleted", "T9001I"],
  joinTokenCreated: ["join_token.create", "TJT00I"],
  hostJoined: ["instance.join", "TJ002I"],
  authPreferenceUpdated: ["auth_preference.update", "TCAUTH001I"],
} as const satisfies Record<string, readonly [type: string, code: string]>;

/** Name of a kind of event. */
export type AuditKind = keyof typeof AUDIT_EVENTS;

/** What an event says beside its type, code, id and time. Never a secret: no token, challenge, key or password. */
export interface AuditDetails {
  /** The user it is about. */
  user?: string;
  /** Whether what was tried was done. */
  success?: boolean;
  /** `local`, `passwordless`, `headless`. */
  method?: string;
  /** Why it was not done; fit for an auditor, not for a stranger. */
  error?: string;
  message?: string;
  address?: string;
  userAgent?: string;
  device?: { id: string; name: string; kind: "webauthn" | "u2f" };
  /** Ties together what belongs to one headless request. */
  requestId?: string;
  /** Who did it, when that is not the user. */
  actor?: string;
  roles?: string[];
  logins?: string[];
  expiresAtMs?: number;
}
