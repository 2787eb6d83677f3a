/**
 * A call's outcome in headers: `grpc-status` and `grpc-message` (PROTOCOL-HTTP2.md, "Responses" and "Errors").
 *
 * @module
 */

import type { ToolError } from "../../errors/mod.ts";
import { type Header, headerValue } from "../http2/mod.ts";
import { errorFromGrpc, GrpcStatus, grpcStatusOf } from "../status.ts";

/** Longest message that is sent, in bytes of UTF-8; peers bound their headers. */
const MAX_MESSAGE_BYTES = 4096;

/** HTTP statuses of answers that are not gRPC's (grpc's http-grpc-status-mapping.md). */
const HTTP_STATUSES: ReadonlyMap<string, number> = new Map([
  ["400", GrpcStatus.INTERNAL],
  ["401", GrpcStatus.UNAUTHENTICATED],
  ["403", GrpcStatus.PERMISSION_DENIED],
  ["404", GrpcStatus.UNIMPLEMENTED],
  ["429", GrpcStatus.UNAVAILABLE],
  ["502", GrpcStatus.UNAVAILABLE],
  ["503", GrpcStatus.UNAVAILABLE],
  ["504", GrpcStatus.UNAVAILABLE],
]);

/** Trailers of a call that went well. */
export const OK_TRAILERS: readonly Header[] = [["grpc-status", "0"]];

/** Trailers of a call that failed. */
export function errorTrailers(error: ToolError): Header[] {
  return [
    ["grpc-status", String(grpcStatusOf(error.code))],
    ["grpc-message", encodeMessage(error.message)],
  ];
}

/**
 * What trailers say.
 *
 * @returns `undefined` when all is well. A missing or malformed status counts as UNKNOWN.
 */
export function errorOfTrailers(trailers: readonly Header[]): ToolError | undefined {
  const status = headerValue(trailers, "grpc-status") ?? "";
  if (status === "0") return undefined;
  const number = /^[0-9]{1,2}$/.test(status) ? Number(status) : GrpcStatus.UNKNOWN;
  return errorFromGrpc(number, decodeMessage(headerValue(trailers, "grpc-message") ?? ""));
}

/** What response headers say that are not those of a gRPC answer; `undefined` when they are. */
export function errorOfResponse(headers: readonly Header[]): ToolError | undefined {
  const status = headerValue(headers, ":status");
  const type = headerValue(headers, "content-type") ?? "";
  if (status === "200" && /^application\/grpc(?:$|[+;])/.test(type)) return undefined;
  const number = HTTP_STATUSES.get(status ?? "") ?? GrpcStatus.UNKNOWN;
  return errorFromGrpc(number, `the server does not answer as gRPC does (HTTP status ${status})`);
}

/** Percent-encodes all bytes of UTF-8 but printable ASCII without `%`. */
export function encodeMessage(message: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(message).subarray(0, MAX_MESSAGE_BYTES)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text.trim() === text ? text : text.replace(/^ | $/g, "%20");
}

/** The reverse. What is malformed is left as it is: a message must not be lost for its form. */
export function decodeMessage(text: string): string {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text[i] === "%" ? text.slice(i + 1, i + 3) : "";
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(parseInt(hex, 16));
      i += 2;
    } else {
      bytes.push(text.charCodeAt(i) & 0xff);
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
