/** Longest name of an operating system user: Linux has 32 bytes (useradd(8)); a domain and `\` may stand before it. */
const MAX_LENGTH = 64;

/**
 * Whether `name` can be a login on a node: the portable names of POSIX (XBD §3.426: letters, digits, `.`, `_`, `-`), and `@` and
 * `\` for the users of a directory (`adam@example.com`, `EXAMPLE\adam`). It begins with a letter, a digit or `_`, so that it
 * is no option and no path, and ends in no `\`, which OpenSSH refuses. Nothing in it means anything to a shell but the `\`,
 * and nothing in it divides the list of a certificate's principals.
 */
export function isLoginName(name: string): boolean {
  return name.length <= MAX_LENGTH &&
    /^[A-Za-z0-9_](?:[A-Za-z0-9_.@\\-]*[A-Za-z0-9_.@-])?$/.test(name);
}

/** What {@linkcode isLoginName} wants, for messages: `expected …`. */
export const LOGIN_NAME_FORM: string =
  `1 to ${MAX_LENGTH} letters, digits and _ . - @ \\, the first one a letter, a digit or _`;
