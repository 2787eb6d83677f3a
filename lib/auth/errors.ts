import { ToolError } from "../errors/mod.ts";
import type { Caller } from "./auth.ts";

/** The one answer to a sign-in that fails, whatever the reason; the words are Teleport's. */
export function signInDenied(cause?: unknown): ToolError {
  return new ToolError("access_denied", "invalid username, password or second factor", { cause });
}

/** The one answer to a session or certificate that does not stand for a live user. */
export function sessionDenied(): ToolError {
  return new ToolError("access_denied", "not signed in, or the session has ended", {
    hint: "Sign in again.",
  });
}

/** Throws `access_denied` unless the caller has the administrator's certificate. */
export function requireAdmin(caller: Caller): void {
  if (caller.kind !== "admin") {
    throw new ToolError("access_denied", "access denied: only an administrator may do this");
  }
}

/** The calling user. Throws `access_denied` for anybody else. */
export function requireUser(caller: Caller): Caller & { kind: "user" } {
  if (caller.kind !== "user") {
    throw new ToolError("access_denied", "access denied: only a user may do this");
  }
  return caller;
}

/** Who did it, for the audit log. */
export function actorOf(caller: Caller): string {
  if (caller.kind === "user") return caller.user;
  return caller.kind === "admin" ? "admin" : `host ${caller.hostId}`;
}
