/**
 * The cluster's front door: one TCP port for pages, web API and RPCs.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Auth } from "../auth/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { getLogger } from "@logtape/logtape";
import { ALPN_HTTP1, ALPN_REVERSE_TUNNEL } from "../wire/alpn.ts";
import { TrustedProxies } from "./client_address.ts";
import { ClusterRpc } from "./rpc/cluster_rpc.ts";
import { InFlight } from "./in_flight.ts";
import { DEFAULT_PROXY_LIMITS, type ProxyLimits } from "./limits.ts";
import { roomForConnections } from "./open_files.ts";
import { parsePublicAddress } from "./public_address.ts";
import type { CertificateSource } from "./tls/certificates.ts";
import { ConnectionCaps } from "./tls/connection_caps.ts";
import { TlsEndpoint } from "./tls/endpoint.ts";
import { Listener } from "./tls/listener.ts";
import { WebEndpoints } from "./tls/web_endpoints.ts";
import { WebServer } from "./web/server.ts";

const log = getLogger(["latchkey", "proxy"]);

/** What {@linkcode startProxy} needs. */
export interface ProxyOptions {
  /** The cluster's mind. It has to outlive the proxy. */
  auth: Auth;
  /** Where to listen; port 0 takes any free one. */
  listen: { hostname: string; port: number };
  /** `host:port` under which people and tools find the proxy; without a port it is the one that is listened on. */
  publicAddr: string;
  /** The web's certificates. */
  certificates: CertificateSource;
  /** Addresses and networks of proxies whose `X-Forwarded-For` counts. */
  trustedProxies?: readonly string[];
  /** Time and randomness. */
  deps: Pick<Deps, "clock" | "random">;
  /** What differs from {@linkcode DEFAULT_PROXY_LIMITS}. */
  limits?: Partial<ProxyLimits>;
}

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  /** The port that is listened on. */
  readonly port: number;
  /** Address of the pages as browsers write it, without a slash at the end. */
  readonly url: string;
  /** Stops listening, ends every connection, which withdraws the requests that wait, and waits for what that takes. */
  close(): Promise<void>;
}

/**
 * Opens the port and serves.
 *
 * @throws `connection` when the port cannot be had, `bad_parameter` for an option that makes no sense.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { auth, deps, certificates, listen, publicAddr } = options;
  const limits = { ...DEFAULT_PROXY_LIMITS, ...options.limits };
  const room = await roomForConnections(limits.connections);
  const caps = new ConnectionCaps({
    total: room.connections,
    perGroup: limits.connectionsPerAddress,
  });
  const trustedProxies = new TrustedProxies(options.trustedProxies ?? []);
  const inFlight = new InFlight();
  using resources = new DisposableStack();
  let publicAddress = parsePublicAddress(publicAddr, listen.port);
  const proxyPublicAddr = () => publicAddress.hostPort;
  const rpc = resources.use(
    new ClusterRpc({ auth, deps, limits, caps, proxyPublicAddr, inFlight }),
  );
  const listener = await Listener.listen({
    ...listen,
    clusterName: auth.settings.clusterName,
    backlog: room.backlog,
    limits,
    caps,
    trustedProxies,
    destinations(port) {
      publicAddress = parsePublicAddress(publicAddr, port);
      const context = { auth, deps, limits, trustedProxies, publicAddress };
      const server = resources.adopt(new WebServer(context, inFlight), (web) => web.close());
      const { handshakeMs } = limits;
      const web = resources.use(
        new WebEndpoints({
          certificates,
          alpnProtocols: [ALPN_HTTP1],
          handshakeMs,
          onSecure: (socket) => server.accept(socket),
        }),
      );
      const probe = resources.use(
        new WebEndpoints({
          certificates,
          alpnProtocols: [ALPN_REVERSE_TUNNEL],
          handshakeMs,
          // The handshake was the answer.
          onSecure: (socket) => void socket.end(),
        }),
      );
      const clusterWeb = async (socket: Socket) => {
        const { certPem, keyPem } = await auth.serverTls();
        const endpoint = new TlsEndpoint({
          certPem,
          keyPem,
          alpnProtocols: [ALPN_HTTP1],
          handshakeMs,
          onSecure: (secure) => server.accept(secure),
        });
        endpoint.accept(socket);
      };
      return {
        web: (socket, hello) => web.accept(socket, hello),
        cluster_web: (socket) => void clusterWeb(socket).catch((error) => socket.destroy(error)),
        probe: (socket, hello) => probe.accept(socket, hello),
        auth: (socket) => rpc.acceptAuth(socket),
        transport: (socket) => rpc.acceptTransport(socket),
      };
    },
  });
  const running = new RunningProxy(listener, {
    resources: resources.move(),
    inFlight,
    url: publicAddress.origin,
    closeMs: limits.closeMs,
  });
  log.info("listening on {hostname}:{port}", { hostname: listen.hostname, port: running.port });
  return running;
}

class RunningProxy implements Proxy {
  readonly #listener: Listener;
  readonly #parts: { resources: DisposableStack; inFlight: InFlight; closeMs: number };
  readonly port: number;
  readonly url: string;
  #closing: Promise<void> | undefined;

  constructor(
    listener: Listener,
    { url, ...parts }: {
      resources: DisposableStack;
      inFlight: InFlight;
      url: string;
      closeMs: number;
    },
  ) {
    this.#listener = listener;
    this.#parts = parts;
    this.port = listener.port;
    this.url = url;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const { resources, inFlight, closeMs } = this.#parts;
    this.#listener.stopAccepting();
    resources.dispose();
    await this.#listener.close();
    const left = await inFlight.wait(closeMs);
    if (left > 0) log.warn("{left} requests did not end in time", { left });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
