/**
 * The rule that decides who may log in where. The auth service lists nodes by it, and nodes ask it at every login, so
 * that what `tsh ls` shows is what `tsh ssh` reaches.
 *
 * Role by role, as Teleport does it:
 * 1. A role whose deny labels fit the node closes it, for every login.
 * 2. A role whose allow labels fit the node opens it, for that role's logins.
 * 3. A login that any role denies is taken away.
 *
 * What is not understood opens nothing and closes all it could mean.
 *
 * @module
 */

import type { RoleResource } from "../../resources/mod.ts";
import { isLoginName } from "../../wire/login_name.ts";
import { matchLabels } from "./labels.ts";

/** What a person brings: the logins that an administrator gave to the user. */
export interface Traits {
  /** Operating system logins. */
  logins: readonly string[];
}

/** The logins that these roles open on a node with these labels; none when the node is closed. Sorted. */
export function allowedLogins(
  roles: readonly RoleResource[],
  traits: Traits,
  nodeLabels: Readonly<Record<string, string>>,
): string[] {
  const logins = new Set<string>();
  for (const role of roles) {
    if (deniesNode(role, nodeLabels)) return [];
    if (!allowsNode(role, nodeLabels)) continue;
    for (const login of expand(role.spec.allow.logins, traits)) logins.add(login);
  }
  for (const role of roles) {
    for (const login of role.spec.deny.logins) {
      if (login === "*" || !isUnderstood(login)) return [];
      for (const denied of expand([login], traits)) logins.delete(denied);
    }
  }
  return [...logins].sort();
}

/** Whether these roles let the person log in at a node with these labels, as `login` or, without one, as anybody. */
export function mayAccessNode(
  roles: readonly RoleResource[],
  traits: Traits,
  nodeLabels: Readonly<Record<string, string>>,
  login?: string,
): boolean {
  const logins = allowedLogins(roles, traits, nodeLabels);
  return login === undefined ? logins.length > 0 : logins.includes(login);
}

/** What a node answers to a login. */
export type LoginDecision = "allowed" | "denied" | "mfa_required";

/** A login at a node. */
export interface LoginAttempt {
  /** The operating system user. */
  login: string;
  /** Whether somebody has touched a key for exactly this certificate. */
  mfaVerified: boolean;
  /** Whether the cluster asks for that everywhere. */
  requireSessionMfa: boolean;
}

/**
 * Whether these roles let the person log in at a node with these labels. Where the cluster, or one of the roles that open the
 * node to this login, wants a key's touch for each session, a certificate without one is refused; other roles that open it
 * without do not help, as in Teleport.
 */
export function decideLogin(
  roles: readonly RoleResource[],
  traits: Traits,
  nodeLabels: Readonly<Record<string, string>>,
  { login, mfaVerified, requireSessionMfa }: LoginAttempt,
): LoginDecision {
  if (!mayAccessNode(roles, traits, nodeLabels, login)) return "denied";
  if (mfaVerified) return "allowed";
  const isDemanded = requireSessionMfa ||
    roles.some((role) =>
      role.spec.options.require_session_mfa === true && allowsNode(role, nodeLabels) &&
      expand(role.spec.allow.logins, traits).includes(login)
    );
  return isDemanded ? "mfa_required" : "allowed";
}

/** All logins that these roles may open somewhere: the principals of a certificate. Sorted. */
export function certificateLogins(roles: readonly RoleResource[], traits: Traits): string[] {
  const logins = new Set(roles.flatMap((role) => expand(role.spec.allow.logins, traits)));
  return [...logins].sort();
}

function allowsNode(role: RoleResource, labels: Readonly<Record<string, string>>): boolean {
  try {
    return matchLabels(role.spec.allow.node_labels, labels);
  } catch {
    return false;
  }
}

function deniesNode(role: RoleResource, labels: Readonly<Record<string, string>>): boolean {
  try {
    return matchLabels(role.spec.deny.node_labels, labels);
  } catch {
    return true;
  }
}

const OWN_LOGINS = /^\{\{\s*internal\.logins\s*\}\}$/;

function isUnderstood(login: string): boolean {
  return OWN_LOGINS.test(login) || !login.includes("{{");
}

/** Puts the person's own logins where a role says `{{internal.logins}}`. Other templates stand for nothing. */
function expand(logins: readonly string[], traits: Traits): string[] {
  return logins.filter(isUnderstood)
    .flatMap((login) => OWN_LOGINS.test(login) ? traits.logins : [login])
    .filter((login) => isLoginName(login));
}
