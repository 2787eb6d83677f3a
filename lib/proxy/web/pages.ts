/**
 * The pages. They hold nothing of anybody's: what they show, their script asks the API for.
 *
 * @module
 */

import { setCookie } from "hono/cookie";
import { assets, type PageParams, renderPage } from "../../../ui/mod.ts";
import { checkPageVisit, CSRF_COOKIE, hasCsrfToken } from "./browser_checks.ts";
import type { WebContext, WebRequest } from "./context.ts";
import { pagePolicy } from "./headers.ts";

/** 128 bits, so that no nonce is ever guessed or used twice. */
const NONCE_BYTES = 16;
const CSRF_TOKEN_BYTES = 32;
/** A year, in seconds. Asset names change with their content. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** What names a thing in a path: an invitation's token, a request's id. What is not, names nothing. */
const NAME = /^[A-Za-z0-9_-]{1,128}$/;

/** `GET /web` */
export function homePage(c: WebRequest, context: WebContext): Response {
  return page(c, context, { page: "home", params: {} });
}

/** `GET /web/login?redirect_uri=…`. A `redirect_uri` that leads elsewhere is taken out of the address. */
export async function loginPage(c: WebRequest, context: WebContext): Promise<Response> {
  checkPageVisit(c);
  const query = new URL(c.req.url).searchParams;
  const wanted = query.getAll("redirect_uri");
  if (wanted.length > 0 && !(wanted.length === 1 && isOurPage(wanted[0]!, context))) {
    return c.redirect("/web/login");
  }
  const { allowPasswordless } = await context.auth.settings.authPreference();
  return page(c, context, { page: "login", params: { passwordless: allowPasswordless } });
}

/**
 * Whether an address is of a page here, so that a visitor may be sent there after signing in: as a path or a whole
 * address, read as browsers read it (`\\evil.example` and `/\evil.example` are other hosts).
 */
function isOurPage(address: string, { publicAddress: { origin } }: WebContext): boolean {
  if (!URL.canParse(address, origin)) return false;
  const url = new URL(address, origin);
  return url.origin === origin && /^\/web(\/|$)/.test(url.pathname);
}

/** `GET /web/invite/:token` and `GET /web/reset/:token` */
export async function invitePage(c: WebRequest, context: WebContext): Promise<Response> {
  const token = c.req.param("token") ?? "";
  if (!NAME.test(token)) return notFoundPage(c, context);
  const { allowPasswordless } = await context.auth.settings.authPreference();
  const params = { token, passwordless: allowPasswordless };
  return page(c, context, { page: "invite", params });
}

/** `GET /web/headless/:id` */
export function headlessPage(c: WebRequest, context: WebContext): Response {
  const id = c.req.param("id") ?? "";
  if (!NAME.test(id)) return notFoundPage(c, context);
  return page(c, context, { page: "headless", params: { id } });
}

/** What there is no page for. */
export function notFoundPage(c: WebRequest, context: WebContext): Response {
  return page(c, context, { page: "not_found", params: {} }, 404);
}

function page(
  c: WebRequest,
  { auth, deps }: WebContext,
  request: PageParams,
  status: 200 | 404 = 200,
): Response {
  checkPageVisit(c);
  const nonce = deps.random.bytes(NONCE_BYTES).toBase64();
  if (!hasCsrfToken(c)) {
    const token = deps.random.bytes(CSRF_TOKEN_BYTES).toHex();
    // The page's script repeats it in a header, so it has to be able to read it.
    setCookie(c, CSRF_COOKIE, token, { path: "/", secure: true, sameSite: "Strict" });
  }
  c.header("Content-Security-Policy", pagePolicy(nonce));
  c.header("Vary", "Cookie, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site");
  return c.html(
    renderPage({ ...request, clusterName: auth.settings.clusterName, nonce }),
    status,
  );
}

/** `GET /web/assets/:name` */
export function assetFile(c: WebRequest, context: WebContext): Response {
  const asset = assets.get(new URL(c.req.url).pathname);
  if (asset === undefined) return notFoundPage(c, context);
  c.header("Cache-Control", IMMUTABLE);
  c.header("Content-Type", asset.contentType);
  return c.body(asset.body);
}
