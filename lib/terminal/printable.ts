/**
 * C0 and C1 controls and DEL, which move cursors and start escape sequences; line and paragraph separators; the marks
 * that change the direction of text (Unicode UAX #9, U+202A…E and U+2066…9), by which a name can be made to look like
 * another; invisible characters (zero width, byte order mark, tags); halves of surrogate pairs.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Most text is this, and needs no second look. */
const PLAIN = /^[ -~]*$/;

/**
 * Text that comes from elsewhere, fit for a terminal: what could steer the terminal or deceive the eye is written as
 * `\u001b`, everything else is kept.
 *
 * @param options.lines Keeps newlines and tabs, for text of several lines.
 *
 * @example
 * ```ts
 * import { printable } from "./printable.ts";
 * import assert from "node:assert/strict";
 * assert.equal(printable("web\x1b[2J"), "web\\u001b[2J");
 * ```
 */
export function printable(text: string, options: { lines?: boolean } = {}): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (character) => {
    if (options.lines === true && (character === "\n" || character === "\t")) return character;
    const codePoint = character.codePointAt(0)!;
    const hex = codePoint.toString(16);
    return codePoint > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}
