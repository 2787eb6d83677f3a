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

/**
 * What people do not see, or see elsewhere than it is: control and format characters (zero width, direction; Unicode's Cc
 * and Cf), fillers and variation selectors, line and paragraph separators, spaces other than the usual one, halves of
 * surrogate pairs, and what Unicode has not given to anybody.
 */
const DECEPTIVE =
  /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * Why `name` may not become the name of a user; `undefined` when it may. Letters of all scripts may, but no two names may
 * look the same because one has something invisible in it, or is composed in another way.
 */
export function userNameProblem(name: string): string | undefined {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
    return `expected 1 to ${MAX_NAME_LENGTH} characters`;
  }
  const [deceptive] = DECEPTIVE.exec(name) ?? [];
  if (deceptive !== undefined) {
    const hex = deceptive.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    return `it has the invisible or control character U+${hex}`;
  }
  if (name !== name.normalize("NFC")) return "expected Unicode's composed form (NFC)";
  if (/^[ -]| $/.test(name)) return "expected no dash at its start and no space around it";
  return undefined;
}

/** Whether `name` may become the name of a device: shown to people, and on one line. */
export function isDeviceName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]{0,63}$/.test(name) && name.isWellFormed();
}
