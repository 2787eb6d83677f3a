/**
 * Error codes as the two wires say them. Every status that Teleport gives a kind of error is kept, so that its clients
 * understand our cluster and our client understands theirs.
 *
 * @module
 */

import { type ErrorCode, messageOf, ToolError } from "../errors/mod.ts";

/** gRPC status codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** code → [HTTP status, gRPC status]. 499 is nginx's "client closed request": nobody is left to read it. */
const STATUS: Record<ErrorCode, readonly [http: number, grpc: number]> = {
  usage: [400, GrpcStatus.INVALID_ARGUMENT],
  bad_parameter: [400, GrpcStatus.INVALID_ARGUMENT],
  not_found: [404, GrpcStatus.NOT_FOUND],
  already_exists: [409, GrpcStatus.ALREADY_EXISTS],
  access_denied: [403, GrpcStatus.PERMISSION_DENIED],
  compare_failed: [412, GrpcStatus.FAILED_PRECONDITION],
  limit_exceeded: [429, GrpcStatus.RESOURCE_EXHAUSTED],
  connection: [502, GrpcStatus.UNAVAILABLE],
  trust: [502, GrpcStatus.UNAVAILABLE],
  rejected: [403, GrpcStatus.PERMISSION_DENIED],
  expired: [504, GrpcStatus.DEADLINE_EXCEEDED],
  cancelled: [499, GrpcStatus.CANCELLED],
  not_implemented: [501, GrpcStatus.UNIMPLEMENTED],
  internal: [500, GrpcStatus.INTERNAL],
};

/** Index is the gRPC status. */
const GRPC_CODES: readonly (ErrorCode | undefined)[] = [
  undefined,
  "cancelled",
  "internal",
  "bad_parameter",
  "expired",
  "not_found",
  "already_exists",
  "access_denied",
  "limit_exceeded",
  "compare_failed",
  "compare_failed",
  "bad_parameter",
  "not_implemented",
  "internal",
  "connection",
  "internal",
  "access_denied",
];

const HTTP_CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [400, "bad_parameter"],
  [401, "access_denied"],
  [403, "access_denied"],
  [404, "not_found"],
  [405, "not_implemented"],
  [408, "connection"],
  [409, "already_exists"],
  [412, "compare_failed"],
  [413, "limit_exceeded"],
  [429, "limit_exceeded"],
  [499, "cancelled"],
  [501, "not_implemented"],
  [502, "connection"],
  [503, "connection"],
]);

/** Longest message of a peer that is shown, in characters. */
const MAX_PEER_MESSAGE_LENGTH = 2048;

/** HTTP status with which an error of this kind is answered. */
export function httpStatusOf(code: ErrorCode): number {
  return STATUS[code][0];
}

/** gRPC status with which an error of this kind is answered. */
export function grpcStatusOf(code: ErrorCode): number {
  return STATUS[code][1];
}

/**
 * The error that a peer's HTTP answer means.
 *
 * 504 has two meanings in Teleport: a wait that ran out, which says so (`context deadline exceeded`), and a service
 * behind the proxy that could not be reached.
 *
 * @param status HTTP status, 400 or more. Anything else means that the peer does not speak this protocol: `connection`.
 * @param message The peer's words. Control characters are taken out, because they come to a terminal.
 */
export function errorFromHttp(status: number, message: string): ToolError {
  const text = printable(message) || `HTTP status ${status}`;
  return new ToolError(codeOfHttp(status, message), text);
}

function codeOfHttp(status: number, message: string): ErrorCode {
  if (status === 504) {
    return /deadline exceeded|timed out|timeout|expired/i.test(message) ? "expired" : "connection";
  }
  const code = HTTP_CODES.get(status);
  if (code !== undefined) return code;
  if (status >= 500 && status < 600) return "internal";
  return status >= 400 && status < 500 ? "bad_parameter" : "connection";
}

/**
 * The error that a peer's gRPC status means. A status that gRPC does not know counts as UNKNOWN, as gRPC asks.
 *
 * @param status gRPC status, not 0.
 * @param message The peer's words. Control characters are taken out, because they come to a terminal.
 */
export function errorFromGrpc(status: number, message: string): ToolError {
  const code = GRPC_CODES[status] ?? "internal";
  return new ToolError(code, printable(message) || `gRPC status ${status}`);
}

/**
 * What a peer may see of anything thrown: a `ToolError` as it is, and for everything else `internal error` with the
 * real thing as the cause, for the log.
 */
export function publicError(error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  if (error instanceof Error && error.name === "AbortError") {
    return new ToolError("cancelled", messageOf(error) || "cancelled", { cause: error });
  }
  return new ToolError("internal", "internal error", { cause: error });
}

/** Stands before every line of a peer's message but the first, so that none can pass for a line of ours, or a prompt. */
const CONTINUATION = "\n    ";

/** Bounded, without control characters but for tab and newline, and each further line indented. */
function printable(message: string): string {
  // deno-lint-ignore no-control-regex
  const text = message.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "").trim();
  const bounded = text.length > MAX_PEER_MESSAGE_LENGTH
    ? text.slice(0, MAX_PEER_MESSAGE_LENGTH) + "…"
    : text;
  // Trimmed, so that a message which comes through two of us looks like one that came through one.
  return bounded.split("\n").map((line) => line.trim()).filter((line) => line !== "")
    .join(CONTINUATION);
}
