import { ToolError } from "../errors/mod.ts";

/** Longest key, in UTF-16 units. Names inside keys come from people, so there must be an end. */
const MAX_KEY_LENGTH = 4096;

function checkShape(key: string): void {
  if (
    !key.startsWith("/") || key.length > MAX_KEY_LENGTH || key.includes("\0") || !key.isWellFormed()
  ) {
    throw new ToolError(
      "bad_parameter",
      "cannot use this as a key of the store: expected a path of at most 4096 characters",
    );
  }
}

/** Throws `bad_parameter` unless `key` can name an item. */
export function checkKey(key: string): void {
  checkShape(key);
  if (key.endsWith("/")) {
    throw new ToolError("bad_parameter", "a key of the store must not end in /");
  }
}

/** Throws `bad_parameter` unless `prefix` can name a range: it must end in `/`, so that `/users/al` finds no `alice`. */
export function checkPrefix(prefix: string): void {
  checkShape(prefix);
  if (!prefix.endsWith("/")) {
    throw new ToolError("bad_parameter", "a prefix of keys of the store must end in /");
  }
}

/** The first key that sorts after everything below `prefix`: its last byte `/` (0x2f) becomes `0` (0x30). */
export function endOfRange(prefix: string): string {
  return prefix.slice(0, -1) + "0";
}

/**
 * Order of keys by their UTF-8 bytes, which is the order by code points. JavaScript's `<` compares UTF-16 units and puts
 * U+10000 and above (written with units 0xd800 to 0xdfff) before U+E000 to U+FFFF; units of those two kinds change places.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (x < 0xd800 || y < 0xd800) ? x - y : rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
