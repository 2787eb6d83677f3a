import { CERTIFICATE_BACKDATE_MS } from "../limits.ts";

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

/** Whether a certificate was made before its user was last reset. */
export function isFromBeforeReset(
  { notBeforeMs }: CertifiedHolder,
  { certificatesFromMs }: PresentUser,
): boolean {
  // Certificates know whole seconds only, and are issued for a minute back.
  return notBeforeMs + CERTIFICATE_BACKDATE_MS + 999 < certificatesFromMs;
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
