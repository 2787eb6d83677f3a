/**
 * The one error type that crosses rooms.
 *
 * Errors of other libraries (Deno, node, gRPC, HTTP, SQLite) are turned into a {@linkcode ToolError} at the edge that
 * makes the call; from there on only `code` is looked at, never a message.
 *
 * @module
 */

/**
 * What kind of thing went wrong. The wire (`lib/wire/status.ts`) maps each to an HTTP status and a gRPC code.
 *
 * | code | means |
 * |---|---|
 * | `usage` | a flag or argument on the command line is wrong |
 * | `bad_parameter` | input (a file, a body, a field) is malformed |
 * | `not_found` | the thing named does not exist |
 * | `already_exists` | the thing named exists already |
 * | `access_denied` | the caller may not do this |
 * | `compare_failed` | somebody else changed or answered it first |
 * | `limit_exceeded` | too many attempts or too large; try later or smaller |
 * | `connection` | the other side cannot be reached, or went away |
 * | `trust` | the other side's certificate is not trusted |
 * | `rejected` | a person said no to a headless request |
 * | `expired` | nobody answered in time, or it is past its time |
 * | `cancelled` | the caller went away (Ctrl-C, closed connection) |
 * | `not_implemented` | this version of this cluster cannot do that |
 * | `internal` | a defect or an unexpected fault |
 */
export type ErrorCode =
  | "usage"
  | "bad_parameter"
  | "not_found"
  | "already_exists"
  | "access_denied"
  | "compare_failed"
  | "limit_exceeded"
  | "connection"
  | "trust"
  | "rejected"
  | "expired"
  | "cancelled"
  | "not_implemented"
  | "internal";

/** What a {@linkcode ToolError} can carry beside its code and message. */
export interface ToolErrorOptions {
  /** What the person can do about it: one or more full sentences, shown on a line of their own. */
  hint?: string;
  /** The error underneath. Shown by `--debug` and in the server's log only, never sent to a peer. */
  cause?: unknown;
  /** Seconds after which trying again makes sense (for `limit_exceeded`). */
  retryAfterSeconds?: number;
}

/** Exit status of a tool that fails with this code. Documented in README.md, so scripts rely on it. */
const EXIT_CODES: Record<ErrorCode, number> = {
  usage: 2,
  bad_parameter: 1,
  not_found: 1,
  already_exists: 1,
  access_denied: 1,
  compare_failed: 1,
  limit_exceeded: 1,
  connection: 1,
  trust: 1,
  rejected: 3,
  expired: 4,
  cancelled: 130,
  not_implemented: 1,
  internal: 1,
};

/**
 * An error that a person or a peer may see. The message says what was wrong and, where it helps, what was expected; it
 * never holds a key, token, challenge or password.
 *
 * @example
 * ```ts
 * import { ToolError } from "./mod.ts";
 * throw new ToolError("not_found", `user "alice" not found`, { hint: "List users with: tctl users ls" });
 * ```
 */
export class ToolError extends Error {
  /** `ToolError`. */
  override readonly name: string = "ToolError";
  /** What kind of thing went wrong. */
  readonly code: ErrorCode;
  /** What the person can do about it. */
  readonly hint: string | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined;

  /** Makes an error of the kind `code`. */
  constructor(code: ErrorCode, message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Exit status of a tool that fails with this error. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/** Numbers of the signals that ask a process to end (signal(7); SIGBREAK is Windows's). */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/** A person or the system asked the process to end. The exit status is 128 + the signal's number, as shells report it. */
export class InterruptedError extends ToolError {
  /** `InterruptedError`. */
  override readonly name: string = "InterruptedError";
  /** The signal, for example `SIGTERM`. */
  readonly signal: string;

  /** Makes the error for `signal`. */
  constructor(signal: string, options: ToolErrorOptions = {}) {
    super("cancelled", `interrupted by ${signal}`, options);
    this.signal = signal;
  }

  /** Exit status of a tool that was asked to end: 130 for SIGINT, 143 for SIGTERM. */
  override get exitCode(): number {
    return 128 + (SIGNAL_NUMBERS[this.signal] ?? 2);
  }
}

/** Whether `error` is a {@linkcode ToolError}, of the given code when one is named. */
export function isToolError(error: unknown, code?: ErrorCode): error is ToolError {
  return error instanceof ToolError && (code === undefined || error.code === code);
}

/** The message of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
