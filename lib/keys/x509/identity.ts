/**
 * Whom a TLS certificate stands for, written in its subject as Teleport writes it.
 *
 * | attribute | holds |
 * |---|---|
 * | CN | the user's name |
 * | O, one each | roles |
 * | L, one each | logins |
 * | OU, one each | what it may be used for; nothing means everything |
 * | street | the cluster that requests go to |
 * | postalCode | traits, as JSON |
 * | 1.3.9999.1.7 | the cluster that issued it |
 * | 1.3.9999.1.8 | UUID of the second factor that was used |
 * | 1.3.9999.1.9 | address that the user logged in from |
 * | 1.3.9999.1.15 | private key policy |
 *
 * @module
 */

import { z } from "zod";
import { ToolError } from "../../errors/mod.ts";
import { x509 } from "./library.ts";
import { SUBJECT, type SubjectAttribute, subjectValues } from "./subject.ts";

/** Whom a certificate stands for. */
export interface Identity {
  /** The user's name, or a host's `<uuid>.<cluster>`. */
  user: string;
  /** At least one: a user's roles, or a system role such as `Proxy` or `Admin` for a certificate of the host CA. */
  roles: string[];
  /** Operating system logins. */
  logins: string[];
  /** What the certificate may be used for; empty means everything. */
  usage?: string[];
  /** The cluster that requests go to. */
  routeToCluster: string;
  /** Name → values. */
  traits: Record<string, string[]>;
  /** The cluster that issued it. */
  teleportCluster: string;
  /** UUID of the second factor that was used; absent when none was. */
  mfaVerified?: string;
  /** Address that the user logged in from. */
  loginIp?: string;
}

/** What a certificate says of whom, and for how long. */
export interface CertifiedIdentity extends Identity {
  /** Milliseconds since the Unix epoch. */
  notBeforeMs: number;
  /** Milliseconds since the Unix epoch. */
  notAfterMs: number;
}

/** Teleport's own attributes, under 1.3.9999, which is not registered to anybody. */
const OID = {
  teleportCluster: "1.3.9999.1.7",
  mfaVerified: "1.3.9999.1.8",
  loginIp: "1.3.9999.1.9",
  privateKeyPolicy: "1.3.9999.1.15",
} as const;

/** Longest certificate that is read, in bytes. Traits can make one large. */
const MAX_CERTIFICATE_BYTES = 64 * 1024;

/** `null` is what Go makes of an empty list. */
const traitsSchema = z.record(z.string(), z.array(z.string()).nullable()).nullable();

/**
 * The attributes of the subject that says `identity`.
 *
 * @throws {ToolError} `bad_parameter` when user, roles or cluster are missing.
 */
export function identityToSubject(identity: Identity): SubjectAttribute[] {
  const { user, roles, logins, usage = [], routeToCluster, traits, teleportCluster } = identity;
  if (user === "" || teleportCluster === "" || roles.length === 0) {
    throw new ToolError("bad_parameter", "identity without user, roles or cluster");
  }
  const attributes: SubjectAttribute[] = [
    [SUBJECT.commonName, user],
    ...roles.map((role): SubjectAttribute => [SUBJECT.organization, role]),
    ...usage.map((use): SubjectAttribute => [SUBJECT.organizationalUnit, use]),
    ...logins.map((login): SubjectAttribute => [SUBJECT.locality, login]),
    [SUBJECT.streetAddress, routeToCluster],
    [SUBJECT.postalCode, JSON.stringify(traits)],
    [OID.teleportCluster, teleportCluster],
  ];
  if (identity.mfaVerified !== undefined) attributes.push([OID.mfaVerified, identity.mfaVerified]);
  if (identity.loginIp !== undefined) attributes.push([OID.loginIp, identity.loginIp]);
  attributes.push([OID.privateKeyPolicy, "none"]);
  return attributes;
}

/**
 * Reads whom a certificate stands for. Whether it can be believed is for TLS (issuer, validity) to say: a certificate of
 * the host CA must not pass for a user, so look at {@linkcode isIssuedBy} too.
 *
 * @param certificate DER, as TLS gives it.
 * @throws {ToolError} `access_denied` when it is not an identity in every part.
 */
export function identityFromCertificate(certificate: Uint8Array): CertifiedIdentity {
  const parsed = readCertificate(certificate);
  const values = (oid: string) => subjectValues(parsed.subjectName, oid);
  const one = (oid: string): string | undefined => {
    const [value, ...more] = values(oid);
    if (more.length > 0) deny("names something twice");
    return value === "" ? undefined : value;
  };
  const roles = values(SUBJECT.organization);
  const [user, teleportCluster] = [one(SUBJECT.commonName), one(OID.teleportCluster)];
  if (user === undefined || teleportCluster === undefined || roles.length === 0) {
    deny("has no user, roles or cluster");
  }
  return {
    user,
    roles,
    logins: values(SUBJECT.locality),
    usage: values(SUBJECT.organizationalUnit),
    routeToCluster: one(SUBJECT.streetAddress) ?? teleportCluster,
    traits: readTraits(one(SUBJECT.postalCode)),
    teleportCluster,
    mfaVerified: one(OID.mfaVerified),
    loginIp: one(OID.loginIp),
    notBeforeMs: parsed.notBefore.getTime(),
    notAfterMs: parsed.notAfter.getTime(),
  };
}

function readCertificate(der: Uint8Array): x509.X509Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) deny("is too long");
  try {
    return new x509.X509Certificate(new Uint8Array(der));
  } catch (cause) {
    throw new ToolError("access_denied", "client certificate cannot be read", { cause });
  }
}

function readTraits(json: string | undefined): Record<string, string[]> {
  if (json === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    deny("has traits that are not JSON");
  }
  const traits = traitsSchema.safeParse(value);
  if (!traits.success) deny("has traits of another form");
  return Object.fromEntries(
    Object.entries(traits.data ?? {}).map(([name, list]) => [name, list ?? []]),
  );
}

function deny(problem: string): never {
  throw new ToolError("access_denied", `client certificate ${problem}`);
}
