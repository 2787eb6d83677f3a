/**
 * The waiting command's side of a headless login.
 *
 * @module
 */

import { isToolError, ToolError } from "../../errors/mod.ts";
import { loginCertificatesBody } from "../../wire/web_api.ts";
import { readJson } from "./body.ts";
import { checkCsrf } from "./browser_checks.ts";
import type { WebContext, WebRequest } from "./context.ts";
import { headlessLoginSchema } from "./requests.ts";

/**
 * `POST /webapi/headless/login`, and `POST /webapi/ssh/certs` for older clients: answers when a person has, which may take
 * three minutes. When the client goes away first, the request is withdrawn.
 *
 * Refusals say as little as Teleport's do: 403 for whatever is wrong, 504 when nobody answers.
 */
export async function headlessLogin(
  c: WebRequest,
  { auth, limits }: WebContext,
): Promise<Response> {
  checkCsrf(c);
  const { user, id, sshPublicKey, tlsPublicKeyPem } = await readJson(c, headlessLoginSchema, {
    maxBytes: limits.bodyBytes,
  });
  try {
    const certificates = await auth.headless.login(
      { user, id, sshPublicKey, tlsPublicKeyPem },
      c.get("client"),
      c.req.raw.signal,
    );
    return c.json(loginCertificatesBody(certificates));
  } catch (error) {
    throw inTeleportsWords(error);
  }
}

function inTeleportsWords(error: unknown): unknown {
  if (isToolError(error, "expired")) {
    return new ToolError("expired", "context deadline exceeded", { cause: error });
  }
  if (isToolError(error, "access_denied") || isToolError(error, "rejected")) {
    return new ToolError("access_denied", "headless authentication failed", { cause: error });
  }
  return error;
}
