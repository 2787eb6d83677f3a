import { CERTIFICATE_BACKDATE_MS } from "../limits.ts";

const SECOND_MS = 1_000;

/** What a user has, now. */
export interface PresentUser {
  /** Names of roles. */
  roles: readonly string[];
  /** Operating system logins. */
  logins: readonly string[];
  /** Certificates that were made before this moment are good for nothing: the user was reset. */
  certificatesFromMs: number;
}

/** What a certificate says of its holder. */
export interface CertifiedHolder {
  /** Names of roles. */
  roles: readonly string[];
  /** Operating system logins of the user when it was made. */
  logins: readonly string[];
  /** From when it is valid, milliseconds since the Unix epoch. */
  notBeforeMs: number;
}

/**
 * Whether a certificate was made before its user was last reset. Certificates know whole seconds only, so one of the very
 * second of the reset could be of either side: it counts as from before. {@linkcode notBeforeOf} makes the certificates of
 * the rest of that second differ.
 */
export function isFromBeforeReset(
  { notBeforeMs }: CertifiedHolder,
  { certificatesFromMs }: PresentUser,
): boolean {
  return notBeforeMs + CERTIFICATE_BACKDATE_MS <= certificatesFromMs;
}

/**
 * From when a certificate is valid that is made now: a minute ago, in whole seconds; later by up to one where it would
 * pass for one from before the reset.
 */
export function notBeforeOf(
  { certificatesFromMs }: Pick<PresentUser, "certificatesFromMs">,
  nowMs: number,
): number {
  const madeMs = Math.max(seconds(nowMs), seconds(certificatesFromMs) + SECOND_MS);
  // Never later than now, also when the clock was set back: then it passes for one from before the reset.
  return Math.min(madeMs - CERTIFICATE_BACKDATE_MS, seconds(nowMs));
}

/** From when on certificates are good that are made after a reset now, if those made after an earlier reset are not. */
export function certificatesFrom(
  { certificatesFromMs }: Pick<PresentUser, "certificatesFromMs">,
  nowMs: number,
): number {
  return Math.max(nowMs, certificatesFromMs + SECOND_MS);
}

function seconds(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}

/** What a certificate is still good for: no more roles and logins than its user has now. */
export function narrow(
  holder: CertifiedHolder,
  user: PresentUser,
): { roles: string[]; logins: string[] } {
  return {
    roles: holder.roles.filter((role) => user.roles.includes(role)),
    logins: user.logins.filter((login) => holder.logins.includes(login)),
  };
}
