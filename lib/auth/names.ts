/** Longest name of a user, in UTF-16 units. */
export const MAX_NAME_LENGTH = 128;

/** What no user is called: control characters are refused when a user is made. */
const NOBODY = "\0";

/**
 * `name` as strangers type it, made fit to be looked up: what no user can be called becomes one and the same name that nobody
 * has, so that it takes the way of every unknown name.
 */
export function lookupName(name: string): string {
  return name.length > 0 && name.length <= MAX_NAME_LENGTH && name.isWellFormed() ? name : NOBODY;
}

/** Whether `name` may become the name of a user. */
export function isUserName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[^\s\x00-\x1f\x7f-][^\x00-\x1f\x7f]*$/.test(name) && lookupName(name) === name;
}

/** Whether `name` may become the name of a device: shown to people, and on one line. */
export function isDeviceName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]{0,63}$/.test(name) && name.isWellFormed();
}
