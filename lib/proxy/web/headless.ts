/**
 * The person's side of a headless login: looking at the request, following it, answering it.
 *
 * @module
 */

import { streamSSE } from "hono/streaming";
import { getLogger } from "@logtape/logtape";
import type { HeadlessRequest, HeadlessState } from "../../auth/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import { canonicalKeyLine } from "../../wire/headless_id.ts";
import { publicError } from "../../wire/status.ts";
import { toBase64 } from "../../wire/web_api.ts";
import { readJson } from "./body.ts";
import type { WebContext, WebRequest } from "./context.ts";
import { WebError } from "./errors.ts";
import { headlessAnswerSchema } from "./requests.ts";
import { requireUser } from "./session.ts";

const log = getLogger(["latchkey", "proxy"]);

/** `types.HeadlessAuthenticationState`. Teleport has no word for requests that ended unanswered: it forgets them. */
const STATES: Readonly<Record<HeadlessState, number | undefined>> = {
  pending: 1,
  denied: 2,
  approved: 3,
  withdrawn: undefined,
  expired: undefined,
};

/** `GET /webapi/headless/:id`: the request in Teleport's form. Waits a few seconds for a command that is about to ask. */
export async function headlessGet(c: WebRequest, context: WebContext): Promise<Response> {
  const caller = await requireUser(c, context);
  const id = c.req.param("id") ?? "";
  const request = await context.auth.headless.get(caller, id, c.req.raw.signal).catch(invalid);
  const state = STATES[request.state];
  if (state === undefined) return invalid(new ToolError("not_found", `it is ${request.state}`));
  return c.json({
    header: {
      kind: "headless_authentication",
      version: "v1",
      metadata: { name: request.id, expires: time(request.expiresAtMs) },
    },
    user: request.user,
    public_key: toBase64(canonicalKeyLine(request.sshPublicKey)),
    state,
    client_ip_address: request.clientAddress,
  });
}

/** One answer for unknown, malformed and other people's. */
function invalid(error: unknown): never {
  if (!isToolError(error, "not_found") && !isToolError(error, "bad_parameter")) throw error;
  throw new WebError(400, "not_found", "requested invalid headless session", { cause: error });
}

/** `PUT /webapi/headless/:id`: approves, with an assertion, or denies. */
export async function headlessPut(c: WebRequest, context: WebContext): Promise<Response> {
  const caller = await requireUser(c, context);
  const answer = await readJson(c, headlessAnswerSchema, { maxBytes: context.limits.bodyBytes });
  await context.auth.headless.update(
    caller,
    c.req.param("id") ?? "",
    answer.action === "accept"
      ? { state: "approved", response: answer.response }
      : { state: "denied" },
  );
  return c.json({ message: "ok" });
}

/**
 * `GET /webapi/headless/:id/events`, ours: the request now and after each change, as a stream of events, until it has
 * ended. What goes wrong after the stream has begun is an event too.
 */
export async function headlessEvents(c: WebRequest, context: WebContext): Promise<Response> {
  const caller = await requireUser(c, context);
  const id = c.req.param("id") ?? "";
  if (c.req.method === "HEAD") {
    return c.body(null, 200, { "Content-Type": "text/event-stream" });
  }
  const answer = streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const heartbeat = setInterval(
      () => void stream.write(": alive\n\n"),
      context.limits.heartbeatMs,
    );
    try {
      // Shows the page, and what is in between, that the stream is there before there is anything to tell.
      await stream.write(": hello\n\n");
      for await (const request of context.auth.headless.watch(caller, id, gone.signal)) {
        const data = JSON.stringify(eventData(request, context));
        await stream.writeSSE({ event: "request", data });
      }
    } catch (thrown) {
      if (gone.signal.aborted) return;
      const { code, message, cause } = publicError(thrown);
      if (code === "internal") log.error("following a request failed: {cause}", { cause });
      await stream.writeSSE({ event: "problem", data: JSON.stringify({ message, code }) });
    } finally {
      clearInterval(heartbeat);
    }
  });
  answer.headers.set("Cache-Control", "no-store");
  // nginx buffers what it passes on unless told otherwise.
  answer.headers.set("X-Accel-Buffering", "no");
  return answer;
}

function eventData(
  request: HeadlessRequest,
  { auth, deps }: WebContext,
): Record<string, unknown> {
  return {
    id: request.id,
    user: request.user,
    clusterName: auth.settings.clusterName,
    clientAddress: request.clientAddress,
    state: request.state,
    createdAt: time(request.createdAtMs),
    expiresAt: time(request.expiresAtMs),
    endedAt: request.endedAtMs === undefined ? undefined : time(request.endedAtMs),
    device: request.device,
    now: time(deps.clock.now()),
  };
}

/** RFC 3339. */
function time(ms: number): string {
  return new Date(ms).toISOString();
}
