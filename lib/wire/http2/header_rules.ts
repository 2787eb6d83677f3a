/**
 * What lists of headers must look like (RFC 9113 §8.2 and §8.3). A list that does not is malformed, and its stream ends.
 * `content-length` is not looked at: gRPC's messages carry their own lengths.
 *
 * @module
 */

import type { Header } from "./hpack_table.ts";

/** Which pseudo-headers there must be. */
export type HeaderListKind = "request" | "response" | "trailers";

const REQUIRED: Readonly<Record<HeaderListKind, readonly string[]>> = {
  request: [":method", ":scheme", ":path"],
  response: [":status"],
  trailers: [],
};

const OPTIONAL: Readonly<Record<HeaderListKind, readonly string[]>> = {
  request: [":authority"],
  response: [],
  trailers: [],
};

/** Headers that speak of the connection, which HTTP/2 has no use for (RFC 9113 §8.2.2). */
const CONNECTION_HEADERS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Token characters (RFC 9110 §5.6.2) without upper case. */
const NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;

/** No NUL, CR or LF anywhere, no white space around (RFC 9113 §8.2.1). */
// deno-lint-ignore no-control-regex
const BAD_VALUE = /[\u0000\r\n]|^[ \t]|[ \t]$/;

/** Whether a list is well-formed. */
export function isWellFormed(headers: readonly Header[], kind: HeaderListKind): boolean {
  const pseudo = new Set<string>();
  let regular = false;
  for (const [name, value] of headers) {
    if (BAD_VALUE.test(value)) return false;
    if (name.startsWith(":")) {
      const required = REQUIRED[kind].includes(name);
      if (regular || pseudo.has(name) || (required && value === "")) return false;
      if (!required && !OPTIONAL[kind].includes(name)) return false;
      pseudo.add(name);
      continue;
    }
    regular = true;
    if (!NAME.test(name) || CONNECTION_HEADERS.has(name)) return false;
    if (name === "te" && value !== "trailers") return false;
  }
  return REQUIRED[kind].every((name) => pseudo.has(name));
}

/** The value of a header; of several of one name, the first. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  return headers.find((header) => header[0] === name)?.[1];
}
