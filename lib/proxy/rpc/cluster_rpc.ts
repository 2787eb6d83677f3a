import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getLogger } from "@logtape/logtape";
import type { Auth, ClientInfo } from "../../auth/mod.ts";
import {
  authServiceHandlers,
  nodePolicyHandlers,
  type RpcPeer,
  trustServiceHandlers,
} from "../../auth/rpc/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import type { ToolError } from "../../errors/mod.ts";
import { ALPN_HTTP2, ALPN_PROXY_GRPC, authAlpn } from "../../wire/alpn.ts";
import { AuthService } from "../../wire/gen/auth_service_pb.ts";
import { NodePolicyService } from "../../wire/gen/node_pb.ts";
import { TrustService } from "../../wire/gen/trust_pb.ts";
import { GrpcServer, type GrpcServerOptions } from "../../wire/grpc/mod.ts";
import { publicError } from "../../wire/status.ts";
import { normalizeAddress } from "../client_address.ts";
import type { InFlight } from "../in_flight.ts";
import type { ProxyLimits } from "../limits.ts";
import { type Authenticated, ClusterTls } from "../tls/cluster_tls.ts";
import type { ConnectionCaps } from "../tls/connection_caps.ts";
import { SERVER_VERSION } from "../versions.ts";
import { registerTransport } from "./transport.ts";

const log = getLogger(["latchkey", "proxy"]);

/** What a {@linkcode ClusterRpc} needs. */
export interface ClusterRpcOptions {
  auth: Auth;
  deps: Pick<Deps, "clock" | "random">;
  limits: ProxyLimits;
  /** What connections there may be; those to nodes count, too. */
  caps: ConnectionCaps;
  /** `host:port` of the proxy, as people reach it. */
  proxyPublicAddr: () => string;
  inFlight: InFlight;
}

/**
 * The RPCs of the cluster, behind client certificates: those of the auth service and of the proxy itself, each reached by
 * its own ALPN protocol, those of the auth service also within a stream of the proxy's.
 */
export class ClusterRpc implements Disposable {
  readonly #auth: Auth;
  readonly #inFlight: InFlight;
  readonly #authTls: ClusterTls;
  readonly #transportTls: ClusterTls;
  readonly #authServer: GrpcServer<RpcPeer>;
  readonly #transportServer: GrpcServer<RpcPeer>;

  /** Makes servers that are ready for connections. */
  constructor({ auth, deps, limits, caps, proxyPublicAddr, inFlight }: ClusterRpcOptions) {
    this.#auth = auth;
    this.#inFlight = inFlight;
    const { handshakeMs, dialMs } = limits;
    const { clusterName } = auth.settings;
    this.#authTls = new ClusterTls({
      auth,
      // Clients that offer both want HTTP/2 by its name.
      alpnProtocols: [ALPN_HTTP2, authAlpn(clusterName)],
      handshakeMs,
    });
    this.#transportTls = new ClusterTls({
      auth,
      alpnProtocols: [ALPN_HTTP2, ALPN_PROXY_GRPC],
      handshakeMs,
    });
    const options: GrpcServerOptions = {
      greetingMs: handshakeMs,
      requestMs: limits.requestMs,
      maxConcurrentCalls: limits.callsPerConnection,
      onInternalError: (path, error) => log.error("{path} failed: {error}", { path, error }),
    };
    this.#authServer = new GrpcServer<RpcPeer>(options)
      .register(
        AuthService,
        authServiceHandlers({ auth, serverVersion: SERVER_VERSION, proxyPublicAddr, deps }),
      )
      .register(TrustService, trustServiceHandlers(auth))
      .register(NodePolicyService, nodePolicyHandlers(auth));
    this.#transportServer = new GrpcServer<RpcPeer>(options);
    registerTransport(this.#transportServer, {
      auth,
      caps,
      dialMs,
      acceptAuth: (stream, client) => this.#serve(this.#authTls, this.#authServer, stream, client),
    });
  }

  /** Takes a connection to the auth service. */
  acceptAuth(socket: Socket): void {
    this.#serve(this.#authTls, this.#authServer, socket, clientOf(socket));
  }

  /** Takes a connection to the proxy's own services. */
  acceptTransport(socket: Socket): void {
    this.#serve(this.#transportTls, this.#transportServer, socket, clientOf(socket));
  }

  #serve(
    tls: ClusterTls,
    server: GrpcServer<RpcPeer>,
    stream: Duplex,
    client: ClientInfo,
  ): void {
    const fail = (error: unknown) => {
      log.error("cannot answer within the cluster: {error}", { error });
      stream.destroy();
    };
    const serve = async ({ socket, certificate }: Authenticated) => {
      const refusal = await this.#refusalOf(certificate, client);
      if (socket.destroyed) return;
      const connection = refusal === undefined
        ? server.serve(socket, { certificate, client })
        : server.refuse(socket, refusal);
      void this.#inFlight.track(() => connection.closed);
    };
    tls.accept(stream, (peer) => void serve(peer).catch(fail)).catch(fail);
  }

  /**
   * Why whoever has this certificate is not let in, if so. TLS knows that the cluster made it, and that it has not
   * expired; whether its owner is still somebody is asked here and, as a connection may outlive them, at each call.
   */
  async #refusalOf(certificate: Uint8Array, client: ClientInfo): Promise<ToolError | undefined> {
    try {
      await this.#auth.callerFromCertificate(certificate, client);
      return undefined;
    } catch (error) {
      const shown = publicError(error);
      if (shown.code === "internal") log.error("cannot tell who connects: {error}", { error });
      else log.debug("refused {address}: {reason}", { ...client, reason: shown.message });
      return shown;
    }
  }

  /** Ends all calls and connections. */
  [Symbol.dispose](): void {
    this.#authServer[Symbol.dispose]();
    this.#transportServer[Symbol.dispose]();
  }
}

function clientOf(socket: Socket): ClientInfo {
  const address = socket.remoteAddress ?? "";
  return { address: normalizeAddress(address) ?? address };
}
