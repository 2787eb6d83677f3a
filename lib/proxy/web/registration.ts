/**
 * An invited person's way in. Whoever holds the token is that person.
 *
 * @module
 */

import { readJson } from "./body.ts";
import { checkCsrf } from "./browser_checks.ts";
import type { WebContext, WebRequest } from "./context.ts";
import { finishRegistrationSchema, registerChallengeSchema } from "./requests.ts";
import { sessionAnswer } from "./session.ts";

/** `GET /webapi/users/password/token/:token` */
export async function invitation(c: WebRequest, { auth }: WebContext): Promise<Response> {
  const token = c.req.param("token") ?? "";
  const { user, expiresAtMs } = await auth.registration.invitation(token, c.get("client"));
  return c.json({ tokenId: token, user, expiry: new Date(expiresAtMs).toISOString() });
}

/** `POST /webapi/mfa/token/:token/registerchallenge` */
export async function registerChallenge(
  c: WebRequest,
  { auth, limits }: WebContext,
): Promise<Response> {
  checkCsrf(c);
  const { deviceUsage } = await readJson(c, registerChallengeSchema, {
    maxBytes: limits.bodyBytes,
  });
  const challenge = await auth.registration.challenge(
    c.req.param("token") ?? "",
    { passwordless: deviceUsage === "passwordless" },
    c.get("client"),
  );
  return c.json({ webauthn: challenge, totp: null });
}

/** `PUT /webapi/users/password/token`: password and key in one step; signs in. */
export async function finishRegistration(c: WebRequest, context: WebContext): Promise<Response> {
  checkCsrf(c);
  const { token, password, deviceName, webauthnCreationResponse: creationResponse } =
    await readJson(c, finishRegistrationSchema, { maxBytes: context.limits.bodyBytes });
  const session = await context.auth.registration.finish(
    { token, password, deviceName, creationResponse },
    c.get("client"),
  );
  return sessionAnswer(c, session, context);
}
