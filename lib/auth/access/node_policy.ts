/**
 * What a node must know to decide by itself: the cluster's certificate authority for users, and of users and roles what
 * matters on this node. The auth service makes it, the node keeps it in a file and asks nobody at a login.
 *
 * It is a statement about one moment and says until when it may be used. A node that has not heard from its cluster for so
 * long lets nobody in.
 *
 * @module
 */

import type { RoleResource } from "../../resources/mod.ts";
import { type CertifiedHolder, isFromBeforeReset, narrow, type PresentUser } from "./holder.ts";
import { decideLogin, type LoginDecision } from "./node_access.ts";
import { rolesOf } from "./role.ts";

/** Version of the form below. A node that knows another one lets nobody in. */
export const NODE_POLICY_VERSION = 1;

/** What a node decides by; plain JSON. */
export interface NodePolicy {
  /** Version of this form. */
  version: 1;
  /** The cluster that made it. */
  clusterName: string;
  /** Name of the node that it is for. */
  node: string;
  /** The node's labels. */
  labels: Record<string, string>;
  /** authorized_keys lines of the cluster's certificate authority for users. */
  userCaKeys: string[];
  /** Whether the cluster wants a key's touch for each session. */
  requireSessionMfa: boolean;
  /** Who may log in on this node at all, by name. Nobody else is named: a node need not know its cluster's people. */
  users: Record<string, { roles: string[]; logins: string[]; certificatesFromMs: number }>;
  /** The roles of those users. */
  roles: RoleResource[];
  /** When it was made, milliseconds since the Unix epoch. */
  issuedAtMs: number;
  /** Until when it may be used, milliseconds since the Unix epoch. */
  expiresAtMs: number;
}

/** Somebody at the door, as a verified certificate says. */
export interface PolicyAttempt {
  /** Whom the certificate is for. */
  user: string;
  /** What it says of them. */
  holder: CertifiedHolder;
  /** Whether somebody has touched a key for exactly this certificate. */
  mfaVerified: boolean;
  /** The operating system user. */
  login: string;
}

/** Why somebody is let in or not. */
export type PolicyDecision =
  | LoginDecision
  | "unknown_user"
  | "certificate_from_before_reset";

/**
 * What the policy says to a login. The certificate's roles count as far as the user still has them, by the same rule that
 * decides what `tsh ls` shows ({@linkcode decideLogin}).
 */
export function decideByPolicy(
  policy: NodePolicy,
  { user, holder, mfaVerified, login }: PolicyAttempt,
): PolicyDecision {
  const present: PresentUser | undefined = Object.hasOwn(policy.users, user)
    ? policy.users[user]
    : undefined;
  if (present === undefined) return "unknown_user";
  if (isFromBeforeReset(holder, present)) return "certificate_from_before_reset";
  const { roles, logins } = narrow(holder, present);
  const known = new Map(policy.roles.map((role) => [role.metadata.name, role]));
  return decideLogin(rolesOf(roles, (name) => known.get(name)), { logins }, policy.labels, {
    login,
    mfaVerified,
    requireSessionMfa: policy.requireSessionMfa,
  });
}
