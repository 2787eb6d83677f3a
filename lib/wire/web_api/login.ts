import { z } from "zod";
import type { CredentialAssertionResponse } from "../webauthn.ts";
import { optionalText } from "./body.ts";
import { type CertificateWish, certificateWishBody } from "./certificates.ts";

/** The body of `POST /webapi/mfa/login/begin`. */
export function loginBeginBody(
  request: { user: string; password: string } | { passwordless: true },
): Record<string, unknown> {
  return "passwordless" in request
    ? { passwordless: true }
    : { user: request.user, pass: request.password };
}

/** The body of `POST /webapi/mfa/login/finish`: certificates for a tool. `user` is absent for a passwordless login. */
export function loginFinishBody(
  { user, response, ...wish }: CertificateWish & {
    user?: string;
    response: CredentialAssertionResponse;
  },
  form: "both" | "single",
): Record<string, unknown> {
  return {
    user: user ?? "",
    webauthn_challenge_response: response,
    ...certificateWishBody(wish, form),
  };
}

/** The body of `POST /webapi/mfa/login/finishsession`: a web session. `user` is absent for a passwordless login. */
export function finishSessionBody(
  { user, response }: { user?: string; response: CredentialAssertionResponse },
): Record<string, unknown> {
  return { user: user ?? "", webauthnAssertionResponse: response };
}

/** The answer to `POST /webapi/mfa/login/finishsession`. The session's other half is the cookie. */
export interface WebSessionAnswer {
  /** Goes into `Authorization: Bearer …`. */
  token: string;
  /** Seconds until the token ends. */
  expiresInSeconds: number;
  /** When the session ends, RFC 3339. */
  sessionExpires?: string;
}

/** Reads a {@linkcode WebSessionAnswer}. */
export const webSessionAnswerSchema: z.ZodType<WebSessionAnswer> = z.object({
  type: z.string().max(64),
  token: z.string().min(1).max(4096),
  expires_in: z.number(),
  sessionExpires: optionalText,
}).transform((fields) => ({
  token: fields.token,
  expiresInSeconds: fields.expires_in,
  sessionExpires: fields.sessionExpires,
}));
