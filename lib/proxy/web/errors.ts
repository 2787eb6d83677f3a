/**
 * Errors as the web API says them: `{"error":{"message":…}}` with a status. The message is for the caller's eyes, the
 * cause is for the log.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ToolError } from "../../errors/mod.ts";
import { httpStatusOf, publicError } from "../../wire/status.ts";
import type { WebRequest } from "./context.ts";

const log = getLogger(["latchkey", "proxy"]);

/** A refusal whose HTTP status says more than its code does. */
export class WebError extends ToolError {
  override readonly name: string = "WebError";
  /** HTTP status of the answer. */
  readonly status: number;

  /** Makes a refusal with an HTTP status of its own. */
  constructor(status: number, ...error: ConstructorParameters<typeof ToolError>) {
    super(...error);
    this.status = status;
  }
}

/** Answers with an error, whatever was thrown. */
export function errorAnswer(thrown: unknown, c: WebRequest): Response {
  const error = publicError(thrown instanceof HTTPException ? thrown.cause ?? thrown : thrown);
  const status = error instanceof WebError ? error.status : httpStatusOf(error.code);
  logError(error, status, c);
  if (error.retryAfterSeconds !== undefined) {
    c.header("Retry-After", String(Math.ceil(error.retryAfterSeconds)));
  }
  // A body that nobody will read to its end must not be taken for the next request.
  if (status === 413 || status === 415) c.header("Connection", "close");
  return c.json({ error: { message: error.message } }, status as ContentfulStatusCode);
}

function logError(error: ToolError, status: number, c: WebRequest): void {
  // The pattern, not the path: paths hold invitation tokens.
  const details = {
    method: c.req.method,
    route: c.req.routePath,
    client: c.get("client")?.address,
    status,
    code: error.code,
    reason: error.message,
    cause: error.cause,
  };
  if (status >= 500 && error.code === "internal") {
    log.error("{method} {route} failed: {reason}: {cause}", details);
  } else {
    log.debug("{method} {route} for {client}: {status} {reason}", details);
  }
}
