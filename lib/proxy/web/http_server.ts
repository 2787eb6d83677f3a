import http from "node:http";
import type { TLSSocket } from "node:tls";
import { getLogger } from "@logtape/logtape";
import { messageOf } from "../../errors/mod.ts";
import type { ProxyLimits } from "../limits.ts";

const log = getLogger(["latchkey", "proxy"]);

/** How often timeouts are looked at, in milliseconds; node's own default of 30 s would let them slip by that much. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * Requests that a connection may have under way. Browsers and tools send one after the other; whoever sends more without
 * waiting for answers gets this many, so that a connection is worth no more than a few requests.
 */
const MAX_PIPELINED = 8;

/**
 * An HTTP/1.1 server without a port: it is handed connections after TLS.
 *
 * node:http behaves as wanted only between `listening` and `close`: before, it ends every connection after one answer
 * and looks at no timeout. So this one says that it listens, and emits the event that starts the timeouts.
 */
export class HandedHttpServer {
  readonly #server: http.Server;

  /** @param handler Answers requests. */
  constructor(handler: http.RequestListener, limits: ProxyLimits) {
    this.#server = http.createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, limits.headersMs),
    }, withBoundedPipeline(handler));
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
    this.#server.emit("connection", socket);
  }

  /** Stops the timeouts, and lets each connection end after its answer. */
  close(): void {
    this.#server.close();
  }
}

/** Ends connections that have too many requests under way. */
function withBoundedPipeline(handler: http.RequestListener): http.RequestListener {
  const underWay = new WeakMap<object, number>();
  return (request, response) => {
    const { socket } = request;
    const count = (underWay.get(socket) ?? 0) + 1;
    if (count > MAX_PIPELINED) {
      log.debug("too many requests at once on one connection");
      return void socket.destroy();
    }
    underWay.set(socket, count);
    response.once("close", () => underWay.set(socket, underWay.get(socket)! - 1));
    handler(request, response);
  };
}

const STATUS_OF: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
