import type { TLSSocket } from "node:tls";
import { getRequestListener, RequestError } from "@hono/node-server";
import { getLogger } from "@logtape/logtape";
import { messageOf } from "../../errors/mod.ts";
import type { InFlight } from "../in_flight.ts";
import { webApp } from "./app.ts";
import type { WebContext } from "./context.ts";
import { HandedHttpServer } from "./http_server.ts";

const log = getLogger(["latchkey", "proxy"]);

/** Answers what never came to a handler: HTTP that is no request (no host, an address that is none), or a defect. */
function withoutHandler(error: unknown): Response {
  const refused = error instanceof RequestError;
  if (refused) log.debug("not a request: {reason}", { reason: messageOf(error) });
  else log.error("answering failed: {error}", { error });
  const message = refused ? "malformed request" : "internal error";
  const headers = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  return Response.json({ error: { message } }, { status: refused ? 400 : 500, headers });
}

/** Pages and web API, for connections whose TLS handshake is done. */
export class WebServer {
  readonly #http: HandedHttpServer;

  /** @param inFlight Counts requests until they are answered, the waiting ones among them. */
  constructor(context: WebContext, inFlight: InFlight) {
    const app = webApp(context);
    this.#http = new HandedHttpServer(
      getRequestListener(
        (request, env) => inFlight.track(async () => await app.fetch(request, env)),
        { overrideGlobalObjects: false, errorHandler: withoutHandler },
      ),
      context.limits,
    );
  }

  /** Takes a connection. */
  accept(socket: TLSSocket): void {
    this.#http.accept(socket);
  }

  /** Lets connections end after their answers. */
  close(): void {
    this.#http.close();
  }
}
