/**
 * Web sessions as the wire has them: one secret in a cookie that scripts cannot read, one in a header that no other site
 * can send.
 *
 * @module
 */

import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { WebSession } from "../../auth/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import type { UserCaller, WebContext, WebRequest } from "./context.ts";

/** Cookie that holds the session's id. */
export const SESSION_COOKIE = "__Host-session";

/** Longest secret that is looked at, in characters. */
const MAX_SECRET_LENGTH = 1024;

const COOKIE = { path: "/", secure: true, httpOnly: true, sameSite: "Lax" } as const;

/**
 * Who is signed in.
 *
 * @throws `access_denied`
 */
export async function requireUser(c: WebRequest, { auth }: WebContext): Promise<UserCaller> {
  const sessionId = getCookie(c, SESSION_COOKIE) ?? "";
  const bearerToken = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1] ?? "";
  if (!isPlausible(sessionId)) throw new ToolError("access_denied", "missing session cookie");
  if (!isPlausible(bearerToken)) throw new ToolError("access_denied", "need auth");
  return await auth.signIn.authenticate({ sessionId, bearerToken }, c.get("client"));
}

function isPlausible(secret: string): boolean {
  return secret !== "" && secret.length <= MAX_SECRET_LENGTH;
}

/** Answers with a new session: its id as a cookie, its token in the body. */
export function sessionAnswer(c: WebRequest, session: WebSession, { deps }: WebContext): Response {
  setCookie(c, SESSION_COOKIE, session.sessionId, COOKIE);
  return c.json({
    type: "Bearer",
    token: session.bearerToken,
    // Seconds.
    expires_in: Math.max(0, Math.floor((session.expiresAtMs - deps.clock.now()) / 1000)),
    sessionExpires: new Date(session.expiresAtMs).toISOString(),
    // Milliseconds.
    sessionInactiveTimeout: session.idleTimeoutMs,
  });
}

/** Ends the visitor's session. */
export async function signOut(c: WebRequest, { auth }: WebContext): Promise<void> {
  const sessionId = getCookie(c, SESSION_COOKIE);
  if (sessionId !== undefined && sessionId.length <= MAX_SECRET_LENGTH) {
    await auth.signIn.signOut({ sessionId });
  }
  deleteCookie(c, SESSION_COOKIE, COOKIE);
}
