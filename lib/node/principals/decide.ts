/**
 * The node's decision, as sshd asks for it (AuthorizedPrincipalsCommand of sshd_config(5)):
 *
 * 1. The policy is read; one of another form, or past its time, decides nothing.
 * 2. The certificate is parsed and verified again: signed by the cluster's authority for users, for a user, valid now.
 * 3. Its user, roles and logins are narrowed to what the user has now, and the shared rule of lib/auth/access is asked.
 * 4. If that says so, the login is the one principal that sshd may take.
 *
 * Anything that goes wrong is a no.
 *
 * @module
 */

import {
  decideByPolicy,
  NODE_POLICY_VERSION,
  type NodePolicy,
  type PolicyDecision,
} from "../../auth/access/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import {
  parseSshCertificateBlob,
  readAuthorizedKey,
  readPublicKeyBlob,
  type SshCertificate,
  verifySshCertificateQuickly,
} from "../../keys/light/mod.ts";

/** Critical options that sshd itself obeys. */
const SSHD_CRITICAL_OPTIONS = ["force-command", "source-address", "verify-required"];

/** Most roles and logins of a certificate that are looked at. */
const MAX_LIST_LENGTH = 256;

/** What sshd wants to know. */
export interface PrincipalsQuestion {
  /** The operating system user, `%u`. */
  login: string;
  /** The certificate in base64, `%k`. */
  certificate: string;
  /** What the policy file holds. */
  policy: string;
  /** The present, milliseconds since the Unix epoch. */
  nowMs: number;
}

/** The answer. */
export interface PrincipalsAnswer {
  /** What sshd may take as the certificate's principal; nothing unless the login is allowed. */
  principal?: string;
  /** Who asked, as far as the certificate is proven. */
  user?: string;
  /** Why. */
  reason: PolicyDecision | "policy_unusable" | "policy_expired" | "certificate_refused";
  /** What was wrong, in words. */
  problem?: string;
}

/** Decides. Never rejects. */
export async function decidePrincipals(question: PrincipalsQuestion): Promise<PrincipalsAnswer> {
  const { login, nowMs } = question;
  let policy: NodePolicy;
  try {
    policy = readPolicy(question.policy);
  } catch (error) {
    return { reason: "policy_unusable", problem: wordsOf(error) };
  }
  // A clock that was set back must not make an old policy young.
  if (!(nowMs < policy.expiresAtMs) || policy.issuedAtMs > nowMs + 60_000) {
    return { reason: "policy_expired" };
  }
  try {
    const bytes = Uint8Array.fromBase64(question.certificate);
    const certificate = parseSshCertificateBlob(bytes, readPublicKeyBlob);
    await verifySshCertificateQuickly(certificate, {
      caKeys: policy.userCaKeys.map(readAuthorizedKey),
      kind: "user",
      principal: login,
      nowMs,
      knownCriticalOptions: SSHD_CRITICAL_OPTIONS,
    });
    const { keyId: user, validAfterMs: notBeforeMs, extensions } = certificate;
    const reason = decideByPolicy(policy, {
      user,
      holder: { roles: rolesOf(certificate), logins: loginsOf(certificate), notBeforeMs },
      mfaVerified: Boolean(extensions["mfa-verified"]),
      login,
    });
    return reason === "allowed" ? { principal: login, user, reason } : { user, reason };
  } catch (error) {
    return { reason: "certificate_refused", problem: wordsOf(error) };
  }
}

/** Reads a policy. The cluster wrote it for this node, so only its form is checked, by hand: a schema library costs 14 ms. */
function readPolicy(text: string): NodePolicy {
  const policy: NodePolicy = JSON.parse(text);
  const isRead = policy.version === NODE_POLICY_VERSION &&
    Number.isFinite(policy.issuedAtMs) && Number.isFinite(policy.expiresAtMs) &&
    typeof policy.requireSessionMfa === "boolean" &&
    Array.isArray(policy.userCaKeys) && Array.isArray(policy.roles) &&
    isObject(policy.users) && isObject(policy.labels);
  if (!isRead) throw new ToolError("bad_parameter", "the policy is of a form that is not known");
  return policy;
}

/** `{"version":"v1","roles":["access"]}` of the extension `teleport-roles`. */
function rolesOf({ extensions }: SshCertificate): string[] {
  const value: unknown = JSON.parse(extensions["teleport-roles"] ?? "{}");
  return listOf(isObject(value) ? value["roles"] : undefined, "roles");
}

/** `{"logins":["root"]}` of the extension `teleport-traits`. */
function loginsOf({ extensions }: SshCertificate): string[] {
  const value: unknown = JSON.parse(extensions["teleport-traits"] ?? "{}");
  return listOf(isObject(value) ? value["logins"] : undefined, "logins");
}

function listOf(value: unknown, what: string): string[] {
  const isList = Array.isArray(value) && value.length <= MAX_LIST_LENGTH &&
    value.every((item) => typeof item === "string");
  if (!isList) throw new ToolError("bad_parameter", `SSH certificate has no list of ${what}`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Errors of parsers may quote what they read, so only our own words go out. */
function wordsOf(error: unknown): string {
  return isToolError(error) ? error.message : "it is malformed";
}
