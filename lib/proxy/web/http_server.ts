import http from "node:http";
import type { TLSSocket } from "node:tls";
import { getLogger } from "@logtape/logtape";
import { messageOf } from "../../errors/mod.ts";
import type { ProxyLimits } from "../limits.ts";
import { HttpConnection } from "./http_connection.ts";

const log = getLogger(["latchkey", "proxy"]);

/** How often timeouts are looked at, in milliseconds; node's own default of 30 s would let them slip by that much. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * An HTTP/1.1 server without a port: it is handed connections after TLS.
 *
 * node:http behaves as wanted only between `listening` and `close`: before, it ends every connection after one answer
 * and looks at no timeout. So this one says that it listens, and emits the event that starts the timeouts.
 */
export class HandedHttpServer {
  readonly #server: http.Server;
  readonly #handler: http.RequestListener;
  readonly #limits: ProxyLimits;
  readonly #connections = new WeakMap<object, HttpConnection>();

  /** @param handler Answers requests. */
  constructor(handler: http.RequestListener, limits: ProxyLimits) {
    this.#handler = handler;
    this.#limits = limits;
    this.#server = http.createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, limits.headersMs),
    }, (request, response) => this.#answer(request, response));
    let open = true;
    Object.defineProperty(this.#server, "listening", { get: () => open });
    this.#server.once("close", () => open = false);
    this.#server.emit("listening");
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      log.debug("not an HTTP request: {reason}", { reason: messageOf(error) });
      const status = STATUS_OF[error.code ?? ""] ?? "400 Bad Request";
      // Once it is out the connection has to go: nobody reads on, and the peer may never stop.
      const destroy = () => socket.destroy();
      const answer = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      if (socket.writable) socket.end(answer, destroy);
      else destroy();
    });
    // CONNECT would make us a proxy of another kind.
    this.#server.on("connect", (_request, socket) => {
      socket.end(
        "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      );
    });
  }

  /** Takes a connection whose TLS handshake is done. */
  accept(socket: TLSSocket): void {
    this.#connections.set(socket, new HttpConnection(socket, this.#limits));
    this.#server.emit("connection", socket);
  }

  /** Stops the timeouts, and lets each connection end after its answer. */
  close(): void {
    this.#server.close();
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (!this.#connections.get(request.socket)!.begin(request, response)) return;
    if (hostHeaders(request) > 1) {
      // Whoever stands before us may have believed the other one.
      response.writeHead(400, { "Connection": "close", "Content-Length": "0" }).end();
    } else {
      this.#handler(request, response);
    }
  }
}

/** How many `Host` headers a request has; more than one is an error (RFC 9112 §3.2), and node:http takes the first. */
function hostHeaders({ rawHeaders }: http.IncomingMessage): number {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
}

const STATUS_OF: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
