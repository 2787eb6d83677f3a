import type { TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import type { InFlight } from "../in_flight.ts";
import { webApp } from "./app.ts";
import type { WebContext } from "./context.ts";
import { HandedHttpServer } from "./http_server.ts";

/** Pages and web API, for connections whose TLS handshake is done. */
export class WebServer {
  readonly #http: HandedHttpServer;

  /** @param inFlight Counts requests until they are answered, the waiting ones among them. */
  constructor(context: WebContext, inFlight: InFlight) {
    const app = webApp(context);
    this.#http = new HandedHttpServer(
      getRequestListener(
        (request, env) => inFlight.track(async () => await app.fetch(request, env)),
        { overrideGlobalObjects: false },
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
