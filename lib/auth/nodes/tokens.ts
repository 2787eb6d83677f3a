import { ToolError } from "../../errors/mod.ts";

/** A word of a predicate expression. */
export interface Token {
  kind: "string" | "name" | "symbol" | "end";
  /** A string's content, without quotes. */
  text: string;
  /** Where it begins, counted from 1. */
  at: number;
}

/** Longest expression, in characters. */
export const MAX_QUERY_LENGTH = 4096;

/** One token a match, at the place where the last one ended. */
const TOKEN = new RegExp(
  [
    /(?<space>\s+)/,
    /(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/,
    /(?<name>[A-Za-z_][\w-]*(?:\.[\w-]+)*)/,
    /(?<symbol>&&|\|\||==|!=|[!()[\],])/,
  ].map((part) => part.source).join("|"),
  "ysu",
);

/**
 * Splits an expression into words; the last one is the end.
 *
 * @throws {ToolError} `bad_parameter` for a character that begins no word, an open string, or an expression over
 * {@linkcode MAX_QUERY_LENGTH}.
 */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_QUERY_LENGTH) {
    throw new ToolError(
      "bad_parameter",
      `cannot parse the query: it is longer than ${MAX_QUERY_LENGTH} characters`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) {
      const what = /["'`]/.test(text[at]!) ? "a string without its closing quote" : `"${text[at]}"`;
      throw new ToolError(
        "bad_parameter",
        `cannot parse the query: ${what} at position ${at + 1} is not understood`,
      );
    }
    const { string, name, symbol } = match.groups!;
    if (string !== undefined) tokens.push({ kind: "string", text: unquote(string), at: at + 1 });
    if (name !== undefined) tokens.push({ kind: "name", text: name, at: at + 1 });
    if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, at: at + 1 });
    at += match[0].length;
  }
  tokens.push({ kind: "end", text: "", at: at + 1 });
  return tokens;
}

/** Takes the quotes off. A backslash makes the next character plain; backquoted strings have none. */
function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return quoted.startsWith("`") ? inner : inner.replace(/\\(.)/gsu, "$1");
}
