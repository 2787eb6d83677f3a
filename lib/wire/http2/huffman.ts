/**
 * HPACK's Huffman code (RFC 7541 §5.2 and appendix B), for reading; writers may do without it, and ours does.
 *
 * The code is canonical: codes of one length are consecutive, in the order of their symbols, and follow those of the
 * shorter lengths. So the lengths say everything.
 *
 * @module
 */

import { ConnectionError, ErrorCode } from "./frames.ts";

/** Length in bits of the code of each byte value (RFC 7541 appendix B), a base-36 digit each, 64 values a line. */
const CODE_LENGTHS = [
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca",
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds",
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn",
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq",
].join("");

/** Longest code in bits; the one of all ones is EOS, which no string may hold. */
const LONGEST_CODE = 30;

/** Most bits of padding behind the last symbol; all are ones (RFC 7541 §5.2). */
const MAX_PADDING = 7;

interface CodeBook {
  /** First code of each length. */
  first: number[];
  /** How many codes each length has. */
  count: number[];
  /** Where the symbols of each length start in `symbols`. */
  offset: number[];
  /** All symbols, by length of code and value. */
  symbols: number[];
}

const BOOK = makeBook();

function makeBook(): CodeBook {
  const lengths = [...CODE_LENGTHS].map((digit) => parseInt(digit, 36));
  const book: CodeBook = { first: [0], count: [0], offset: [0], symbols: [] };
  for (let length = 1, code = 0; length <= LONGEST_CODE; length++) {
    code *= 2;
    const symbols = [...lengths.keys()].filter((symbol) => lengths[symbol] === length);
    book.first.push(code);
    book.count.push(symbols.length);
    book.offset.push(book.symbols.length);
    book.symbols.push(...symbols);
    code += symbols.length;
  }
  return book;
}

/**
 * The text of a Huffman string, each byte a character.
 *
 * @throws {ConnectionError} COMPRESSION_ERROR when it holds EOS or ends in anything but ones.
 */
export function decodeHuffman(bytes: Uint8Array): string {
  const { first, count, offset, symbols } = BOOK;
  let text = "";
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >>> bit) & 1);
      length++;
      if (length > LONGEST_CODE) fail();
      const index = code - first[length]!;
      if (index < count[length]!) {
        text += String.fromCharCode(symbols[offset[length]! + index]!);
        code = 0;
        length = 0;
      }
    }
  }
  if (length > MAX_PADDING || code !== 2 ** length - 1) fail();
  return text;
}

function fail(): never {
  throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, "malformed Huffman code");
}
