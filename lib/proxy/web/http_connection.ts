import type http from "node:http";
import type { TLSSocket } from "node:tls";
import { getLogger } from "@logtape/logtape";
import type { ProxyLimits } from "../limits.ts";

const log = getLogger(["latchkey", "proxy"]);

/** Holds one HTTP/1.1 connection to its bounds; ends it when it exceeds them. */
export class HttpConnection {
  readonly #socket: TLSSocket;
  readonly #limits: Pick<ProxyLimits, "requestBytes" | "pipelinedRequests">;
  /** Requests that are not answered. */
  #underWay = 0;
  /** Bytes that came since the last request that is read. */
  #bytes = 0;
  /** The request that is being read, or was last. */
  #last: http.IncomingMessage | undefined;

  /** Counts from now on what comes over `socket`, so it has to be made before anybody reads. */
  constructor(
    socket: TLSSocket,
    limits: Pick<ProxyLimits, "requestBytes" | "pipelinedRequests">,
  ) {
    this.#socket = socket;
    this.#limits = limits;
    // What the body is wrapped in, such as the extensions of its chunks, only the connection itself sees.
    socket.on("data", (bytes: Uint8Array) => this.#count(bytes.length));
  }

  /** A request has begun. False when it is one too many, and with it the connection has ended. */
  begin(request: http.IncomingMessage, response: http.ServerResponse): boolean {
    this.#last = request;
    if (this.#underWay >= this.#limits.pipelinedRequests) {
      this.#end("too many requests at once on one connection");
      return false;
    }
    this.#underWay++;
    response.once("close", () => this.#underWay--);
    return true;
  }

  #count(bytes: number): void {
    if (this.#last?.complete) {
      this.#last = undefined;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.requestBytes) this.#end("a request that does not end");
  }

  #end(reason: string): void {
    log.debug("ended a web connection: {reason}", { reason });
    this.#socket.destroy();
  }
}
