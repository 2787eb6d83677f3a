/**
 * Signing in and out, and a signed-in user's challenges.
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";
import { challengeScopeOf, loginCertificatesBody } from "../../wire/web_api.ts";
import { readJson } from "./body.ts";
import { checkCsrf } from "./browser_checks.ts";
import type { WebContext, WebRequest } from "./context.ts";
import {
  authenticateChallengeSchema,
  finishSessionSchema,
  loginBeginSchema,
  loginFinishSchema,
} from "./requests.ts";
import { requireUser, sessionAnswer, signOut } from "./session.ts";

/** `POST /webapi/mfa/login/begin`: a challenge, after the password or for any discoverable credential. */
export async function loginBegin(c: WebRequest, { auth, limits }: WebContext): Promise<Response> {
  checkCsrf(c);
  const { user, pass, passwordless } = await readJson(c, loginBeginSchema, {
    maxBytes: limits.bodyBytes,
  });
  const challenge = passwordless
    ? await auth.signIn.beginPasswordless(c.get("client"))
    : await auth.signIn.begin({ user: user ?? "", password: pass ?? "" }, c.get("client"));
  return c.json({ webauthn_challenge: challenge, totp_challenge: false });
}

/** `POST /webapi/mfa/login/finishsession`: a web session. */
export async function loginFinishSession(c: WebRequest, context: WebContext): Promise<Response> {
  checkCsrf(c);
  const { user, webauthnAssertionResponse: response } = await readJson(c, finishSessionSchema, {
    maxBytes: context.limits.bodyBytes,
  });
  const session = await context.auth.signIn.finish({ user, response }, c.get("client"));
  return sessionAnswer(c, session, context);
}

/** `POST /webapi/mfa/login/finish`: certificates for a tool. */
export async function loginFinish(c: WebRequest, { auth, limits }: WebContext): Promise<Response> {
  checkCsrf(c);
  const request = await readJson(c, loginFinishSchema, { maxBytes: limits.bodyBytes });
  const certificates = await auth.signIn.finishWithCertificates(request, c.get("client"));
  return c.json(loginCertificatesBody(certificates));
}

/** `DELETE /webapi/sessions/web` */
export async function sessionDelete(c: WebRequest, context: WebContext): Promise<Response> {
  await signOut(c, context);
  return c.json({ message: "ok" });
}

/** `GET /webapi/user/status`: who is signed in. */
export async function userStatus(c: WebRequest, context: WebContext): Promise<Response> {
  const { user } = await requireUser(c, context);
  return c.json({ user, clusterName: context.auth.settings.clusterName });
}

/** `POST /webapi/mfa/authenticatechallenge`: a challenge for whoever is signed in. */
export async function authenticateChallenge(
  c: WebRequest,
  context: WebContext,
): Promise<Response> {
  const caller = await requireUser(c, context);
  const request = await readJson(c, authenticateChallengeSchema, {
    maxBytes: context.limits.bodyBytes,
    mayBeEmpty: true,
  });
  const scope = challengeScopeOf(request.scope);
  if (scope === undefined) throw new ToolError("bad_parameter", "challenge_scope: unknown scope");
  const challenge = await context.auth.mfa.challenge(caller, {
    scope,
    allowReuse: request.allowReuse ? "YES" : "NO",
    userVerificationRequirement: request.userVerificationRequirement,
  });
  return c.json({ webauthn_challenge: challenge, totp_challenge: false });
}
