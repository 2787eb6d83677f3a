/**
 * The auth service, reached through the proxy's one port: TLS with ALPN `teleport-auth@<hex(cluster)>.teleport.cluster.local`,
 * both sides with certificates, gRPC inside.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import type { Deps } from "../deps/mod.ts";
import { isToolError } from "../errors/mod.ts";
import { ALPN_HTTP2, authAlpn, clusterServerName } from "../wire/alpn.ts";
import { GrpcClient } from "../wire/grpc/client.ts";
import { checkValidNow } from "./clock.ts";
import { type ClusterEndpoint, connectToCluster } from "./cluster_socket.ts";

/** The auth service of a cluster, for one login. */
export class AuthConnection implements AsyncDisposable {
  readonly #client: GrpcClient;
  readonly #checkCredentials: () => void;

  /** Connects at the first call. */
  constructor(endpoint: ClusterEndpoint, deps: Pick<Deps, "clock">) {
    const { validFrom, validTo } = new X509Certificate(endpoint.credentials.tlsCertificate);
    const valid = { fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) };
    this.#checkCredentials = () => checkValidNow("the login's certificate", valid, deps.clock);
    this.#client = new GrpcClient({
      connect: () =>
        connectToCluster(endpoint, {
          protocols: [authAlpn(endpoint.cluster), ALPN_HTTP2],
          service: `the auth service of ${endpoint.cluster}`,
        }),
      authority: clusterServerName(endpoint.cluster),
    });
  }

  /**
   * Calls the auth service. A certificate that has expired is recognised whatever the connection makes of it.
   *
   * @throws {ToolError} `connection`; `trust` when who answers is not the cluster that signed us in, or our time is over;
   * what the call throws.
   */
  async run<T>(call: (client: GrpcClient) => Promise<T>): Promise<T> {
    this.#checkCredentials();
    try {
      return await call(this.#client);
    } catch (error) {
      if (isToolError(error, "connection")) this.#checkCredentials();
      throw error;
    }
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
