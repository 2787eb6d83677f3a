/**
 * Ranges of code points that fill two columns: East Asian Wide and Fullwidth (Unicode UAX #11), in blocks as terminals
 * draw them, and the pictographs that are shown as emoji.
 */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18d08],
  [0x1b000, 0x1b2fb],
  [0x1f200, 0x1f251],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];

/** Marks that sit on the character before them, and joiners: no column of their own. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\ufe0f]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;

/** Columns that `text` fills on a terminal. Control characters count as none; see `printable`. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The longest beginning of `text` that fills at most `columns`. */
export function truncateToWidth(text: string, columns: number): string {
  if (isAscii(text)) return text.slice(0, Math.max(0, columns));
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function characterWidth(character: string): number {
  const codePoint = character.codePointAt(0)!;
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return 0;
  if (codePoint < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  const isWide = WIDE.some(([first, last]) => codePoint >= first && codePoint <= last);
  return isWide || EMOJI.test(character) ? 2 : 1;
}
