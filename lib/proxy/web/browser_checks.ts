/**
 * Keeps other sites from using a visitor's browser against the cluster. Tools have none of these headers and need none of
 * these checks: nobody else's secrets travel with their requests.
 *
 * 1. Nothing is answered into a frame, an `<object>` or the like (`Sec-Fetch-Dest`, Fetch Metadata §2.1).
 * 2. The API answers pages of its own origin only (`Sec-Fetch-Site`); pages may be linked to from anywhere, that is,
 *    navigated to at top level.
 * 3. What changes anything needs the right `Origin`, where there is one; browsers send it with every such request.
 * 4. Where no bearer token is needed, a page of this site must show that it is one: the value of a cookie that no other
 *    site can read or write, repeated in a header.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";
import { getCookie } from "hono/cookie";
import { ToolError } from "../../errors/mod.ts";
import type { WebRequest } from "./context.ts";

/** Cookie that holds the CSRF token; the page's script reads it. */
export const CSRF_COOKIE = "__Host-grv_csrf";
/** Header in which the page repeats the token. */
export const CSRF_HEADER = "X-CSRF-Token";
/** A token is 32 random bytes in hexadecimal. */
const CSRF_TOKEN = /^[0-9a-f]{64}$/;

const FRAMES = new Set(["iframe", "frame", "embed", "object", "fencedframe"]);
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a browser makes the call, by headers that no page can leave out. */
export function isBrowser(c: WebRequest): boolean {
  return c.req.header("Origin") !== undefined || c.req.header("Sec-Fetch-Site") !== undefined;
}

/** Refuses a call of the API that another site's page makes. */
export function checkApiCall(c: WebRequest, origin: string): void {
  refuseFrame(c);
  const site = c.req.header("Sec-Fetch-Site");
  const safe = SAFE_METHODS.has(c.req.method);
  // `none` is a person's own doing: an address typed in.
  if (site !== undefined && site !== "same-origin" && !(safe && site === "none")) {
    throw new ToolError("access_denied", "this call is not for other sites");
  }
  checkOrigin(c, origin);
}

/** Refuses a page to anything but the person who goes there. */
export function checkPageVisit(c: WebRequest): void {
  refuseFrame(c);
  const site = c.req.header("Sec-Fetch-Site");
  const mode = c.req.header("Sec-Fetch-Mode");
  const navigates = mode === undefined || mode === "navigate";
  if ((site === "cross-site" || site === "same-site") && !navigates) {
    throw new ToolError("access_denied", "this page is not for other sites");
  }
}

function refuseFrame(c: WebRequest): void {
  if (FRAMES.has(c.req.header("Sec-Fetch-Dest") ?? "")) {
    throw new ToolError("access_denied", "this site is not shown in a frame");
  }
}

function checkOrigin(c: WebRequest, expected: string): void {
  const origin = c.req.header("Origin");
  if (origin === undefined || origin === expected || SAFE_METHODS.has(c.req.method)) return;
  throw new ToolError("access_denied", "this call is not for other origins", {
    hint: `Browsers have to use the address ${expected}.`,
  });
}

/** Refuses a browser's call without the CSRF token. */
export function checkCsrf(c: WebRequest): void {
  if (!isBrowser(c)) return;
  const cookie = getCookie(c, CSRF_COOKIE) ?? "";
  const header = c.req.header(CSRF_HEADER) ?? "";
  if (!CSRF_TOKEN.test(cookie) || !equal(cookie, header)) {
    throw new ToolError("access_denied", "CSRF token is missing or wrong; load the page again");
  }
}

/** Whether the visitor has a token already. */
export function hasCsrfToken(c: WebRequest): boolean {
  return CSRF_TOKEN.test(getCookie(c, CSRF_COOKIE) ?? "");
}

/** Compares in a time that does not tell where they differ. */
function equal(a: string, b: string): boolean {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
