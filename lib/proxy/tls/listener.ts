/**
 * The one port: admits connections, reads for whom they are, and hands them on with every byte still in them.
 *
 * 1. A connection over the caps is reset at once.
 * 2. The ClientHello has to come whole, in time and in bounds; see `client_hello.ts`.
 * 3. `routeOf` decides; the connection goes to a TLS endpoint, which reads the ClientHello again.
 * 4. Somebody who speaks plain HTTP is told to use https; other strangers are hung up on.
 *
 * @module
 */

import { once } from "node:events";
import net from "node:net";
import { getLogger } from "@logtape/logtape";
import { messageOf, ToolError } from "../../errors/mod.ts";
import { normalizeAddress, type TrustedProxies } from "../client_address.ts";
import type { ProxyLimits } from "../limits.ts";
import { type ClientHello, ClientHelloReader } from "./client_hello.ts";
import { addressGroup, type ConnectionCaps } from "./connection_caps.ts";
import { Alert, alertRecord, type Route, routeOf } from "./routes.ts";

const log = getLogger(["latchkey", "proxy"]);

/** First byte of a TLS handshake record. */
const HANDSHAKE = 22;
/** How long somebody who is told to go away may take to read it. */
const FAREWELL_MS = 1_000;
/** TCP keep-alive: machines that went away without a word are noticed about this much later. */
const KEEP_ALIVE_MS = 30_000;

/** Where connections go after their ClientHello has been read. */
export type Destinations = Record<
  Exclude<Route["to"], "nowhere">,
  (socket: net.Socket, hello: ClientHello) => void
>;

/** What {@linkcode Listener.listen} needs. */
export interface ListenerOptions {
  hostname: string;
  /** 0 for any free one. */
  port: number;
  /** Connections that may wait to be accepted. */
  backlog: number;
  clusterName: string;
  limits: Pick<ProxyLimits, "clientHelloMs">;
  /** What is admitted; shared with whoever else opens connections. */
  caps: ConnectionCaps;
  trustedProxies: TrustedProxies;
  /** Told the port before the first connection comes. */
  destinations: (port: number) => Destinations;
}

/** A TCP port with connections on it. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server = net.createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<net.Socket>();
  readonly #closed = Promise.withResolvers<void>();
  #destinations: Destinations | undefined;

  private constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /**
   * Opens the port.
   *
   * @throws `connection` when it cannot be had, in words for whoever started the cluster.
   */
  static async listen(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const { hostname, port, backlog } = options;
    listener.#server.listen({ host: hostname, port, backlog });
    try {
      await once(listener.#server, "listening");
    } catch (error) {
      throw listenError(error, `${hostname}:${port}`);
    }
    listener.#server.once("close", () => listener.#closed.resolve());
    listener.#destinations = options.destinations(listener.port);
    listener.#server.on("error", (error) => log.error("cannot accept: {error}", { error }));
    return listener;
  }

  /** The port. */
  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Takes no more connections; those that are there go on. */
  stopAccepting(): void {
    this.#server.close();
  }

  /** Ends every connection, and waits until the last is gone. */
  async close(): Promise<void> {
    this.stopAccepting();
    for (const socket of this.#sockets) socket.destroy();
    await this.#closed.promise;
  }

  #accept(socket: net.Socket): void {
    socket.on("error", (error) => log.debug("connection failed: {error}", { error }));
    const address = normalizeAddress(socket.remoteAddress ?? "");
    // A client that has gone again already has no address.
    if (address === undefined) return void socket.destroy();
    const group = this.#options.trustedProxies.has(address) ? undefined : addressGroup(address);
    const leave = this.#options.caps.admit(group);
    if (leave === undefined) {
      log.debug("too many connections, refused one from {address}", { address });
      return void socket.resetAndDestroy();
    }
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      leave();
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#readClientHello(socket, address);
  }

  #readClientHello(socket: net.Socket, address: string): void {
    const reader = new ClientHelloReader();
    const chunks: Uint8Array[] = [];
    const timeout = setTimeout(() => socket.destroy(), this.#options.limits.clientHelloMs);
    const stop = () => clearTimeout(timeout);
    const onData = (chunk: Uint8Array) => {
      chunks.push(chunk);
      let hello: ClientHello | undefined;
      try {
        if (chunks[0]![0] !== HANDSHAKE) throw new ToolError("bad_parameter", "not TLS");
        hello = reader.push(chunk);
      } catch (error) {
        log.debug("no ClientHello from {address}: {reason}", { address, reason: messageOf(error) });
        socket.off("data", onData);
        this.#refuse(socket, chunks);
      }
      if (hello === undefined) return;
      stop();
      socket.off("close", stop);
      socket.off("data", onData);
      socket.pause();
      socket.unshift(joined(chunks));
      this.#dispatch(socket, address, hello);
    };
    socket.once("close", stop);
    socket.on("data", onData);
  }

  #dispatch(socket: net.Socket, address: string, hello: ClientHello): void {
    const route = routeOf(hello, this.#options.clusterName);
    if (route.to !== "nowhere") return this.#destinations![route.to](socket, hello);
    log.debug("nothing here for {address}, who asks for {hello}", { address, hello });
    farewell(socket, alertRecord(route.alert));
  }

  #refuse(socket: net.Socket, chunks: Uint8Array[]): void {
    const start = new TextDecoder("latin1").decode(chunks[0]!.subarray(0, 16));
    if (/^[A-Z]{1,10}( |$)/.test(start)) farewell(socket, USE_HTTPS);
    else if (chunks[0]![0] === HANDSHAKE) farewell(socket, alertRecord(Alert.DECODE_ERROR));
    else socket.destroy();
  }
}

const USE_HTTPS_TEXT = "This is an HTTPS server: the address has to begin with https://\n";

const USE_HTTPS = new TextEncoder().encode(
  "HTTP/1.1 400 Bad Request\r\n" +
    "Content-Type: text/plain; charset=utf-8\r\n" +
    `Content-Length: ${USE_HTTPS_TEXT.length}\r\n` +
    "Cache-Control: no-store\r\n" +
    "Connection: close\r\n\r\n" +
    USE_HTTPS_TEXT,
);

/** Sends the last bytes of a connection, and gives the peer a moment to read them: unread input would reset it. */
function farewell(socket: net.Socket, bytes: Uint8Array): void {
  const timeout = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once("close", () => clearTimeout(timeout));
  socket.resume();
  socket.end(bytes);
}

function joined(chunks: Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** What keeps a cluster from listening, in words; for errors of node and of Deno, which share their codes. */
export function listenError(error: unknown, address: string): ToolError {
  const code = (error as { code?: unknown }).code;
  if (code === "EADDRINUSE") {
    return new ToolError("connection", `cannot listen on ${address}: the address is in use`, {
      hint: "Another program has this port, perhaps another cluster. Set proxy_service." +
        "web_listen_addr to a free one.",
      cause: error,
    });
  }
  if (code === "EACCES") {
    return new ToolError("connection", `cannot listen on ${address}: permission denied`, {
      hint: "Ports below 1024 need root or CAP_NET_BIND_SERVICE.",
      cause: error,
    });
  }
  return new ToolError("connection", `cannot listen on ${address}: ${messageOf(error)}`, {
    cause: error,
  });
}
