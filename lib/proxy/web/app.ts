/**
 * The web: which path and method leads where, and what every request goes through first.
 *
 * @module
 */

import { Hono } from "hono";
import { ToolError } from "../../errors/mod.ts";
import { checkApiCall } from "./browser_checks.ts";
import type { WebContext, WebEnv, WebRequest } from "./context.ts";
import { errorAnswer, WebError } from "./errors.ts";
import { securityHeaders } from "./headers.ts";
import { headlessEvents, headlessGet, headlessPut } from "./headless.ts";
import { headlessLogin } from "./headless_login.ts";
import { exportAuthority, hostCredentials } from "./hosts.ts";
import { assetFile, headlessPage, homePage, invitePage, loginPage, notFoundPage } from "./pages.ts";
import { find, ping, pingConnector } from "./ping.ts";
import { finishRegistration, invitation, registerChallenge } from "./registration.ts";
import {
  authenticateChallenge,
  loginBegin,
  loginFinish,
  loginFinishSession,
  sessionDelete,
  userStatus,
} from "./sign_in.ts";

type Handler = (c: WebRequest, context: WebContext) => Response | Promise<Response>;

/** path → method → handler. HEAD goes with GET. */
const API: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "/webapi/ping": { GET: ping },
  "/webapi/ping/:connector": { GET: pingConnector },
  "/webapi/find": { GET: find },
  "/webapi/mfa/login/begin": { POST: loginBegin },
  "/webapi/mfa/login/finish": { POST: loginFinish },
  "/webapi/mfa/login/finishsession": { POST: loginFinishSession },
  "/webapi/sessions/web": { DELETE: sessionDelete },
  "/webapi/user/status": { GET: userStatus },
  "/webapi/users/password/token": { PUT: finishRegistration },
  "/webapi/users/password/token/:token": { GET: invitation },
  "/webapi/mfa/token/:token/registerchallenge": { POST: registerChallenge },
  "/webapi/mfa/authenticatechallenge": { POST: authenticateChallenge },
  "/webapi/auth/export": { GET: exportAuthority },
  "/webapi/host/credentials": { POST: hostCredentials },
  "/webapi/headless/login": { POST: headlessLogin },
  "/webapi/ssh/certs": { POST: headlessLogin },
  "/webapi/headless/:id": { GET: headlessGet, PUT: headlessPut },
  "/webapi/headless/:id/events": { GET: headlessEvents },
};

const PAGES: Readonly<Record<string, Handler>> = {
  "/": (c) => c.redirect("/web"),
  "/web": homePage,
  "/web/": (c) => c.redirect("/web"),
  "/web/login": loginPage,
  "/web/invite/:token": invitePage,
  "/web/reset/:token": invitePage,
  "/web/headless/:id": headlessPage,
  "/web/assets/:name": assetFile,
};

/** Longest path and query, in characters. */
const MAX_URL_LENGTH = 4096;

/** The web as a hono application. */
export function webApp(context: WebContext): Hono<WebEnv> {
  // Go clients put the API's version before its paths.
  const getPath = (request: Request) =>
    new URL(request.url).pathname.replace(/^\/v1(?=\/webapi\/)/, "");
  const app = new Hono<WebEnv>({ getPath });
  app.onError((error, c) => errorAnswer(error, c));
  app.use(securityHeaders(context));
  app.use(async (c, next) => {
    if (c.req.url.length > MAX_URL_LENGTH) {
      throw new WebError(414, "limit_exceeded", "the address is too long");
    }
    c.set("client", {
      address: context.trustedProxies.clientAddress(
        c.env.incoming.socket.remoteAddress ?? "",
        c.req.header("X-Forwarded-For"),
      ),
      userAgent: c.req.header("User-Agent")?.slice(0, 256),
    });
    await next();
  });
  app.use("/webapi/*", async (c, next) => {
    checkApiCall(c, context.publicAddress.origin);
    await next();
  });
  for (const [path, handlers] of Object.entries(API)) register(app, path, handlers, context);
  for (const [path, GET] of Object.entries(PAGES)) register(app, path, { GET }, context);
  app.all("/webapi/*", () => {
    throw new ToolError("not_found", "there is no such path");
  });
  app.all("/webapi", () => {
    throw new ToolError("not_found", "there is no such path");
  });
  app.get("/web/*", (c) => notFoundPage(c, context));
  app.notFound((c) => errorAnswer(new ToolError("not_found", "there is no such path"), c));
  return app;
}

function register(
  app: Hono<WebEnv>,
  path: string,
  handlers: Readonly<Record<string, Handler>>,
  context: WebContext,
): void {
  for (const [method, handler] of Object.entries(handlers)) {
    app.on(method, path, (c) => handler(c, context));
  }
  const methods = [...Object.keys(handlers), "OPTIONS"];
  if ("GET" in handlers) methods.push("HEAD");
  const allow = methods.sort().join(", ");
  app.all(path, (c) => {
    c.header("Allow", allow);
    // No CORS headers: nobody else's page is let in, and a preflight learns no more than that.
    if (c.req.method === "OPTIONS") return c.body(null, 204);
    throw new WebError(405, "not_implemented", "this method is not allowed here");
  });
}
