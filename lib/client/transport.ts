/**
 * The proxy's transport service: streams to nodes. Reached by TLS with ALPN `teleport-proxy-ssh-grpc`, both sides with
 * certificates, gRPC inside.
 *
 * @module
 */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Duplex } from "node:stream";
import { ALPN_HTTP2, ALPN_PROXY_GRPC, clusterServerName } from "../wire/alpn.ts";
import { ProxySSHRequestSchema, TransportService } from "../wire/gen/transport_pb.ts";
import { GrpcClient } from "../wire/grpc/client.ts";
import { type ClusterEndpoint, connectToCluster } from "./cluster_socket.ts";
import { openNodeStream } from "./node_stream.ts";

/** A connection to the transport service of a proxy. */
export class TransportConnection implements AsyncDisposable {
  readonly #client: GrpcClient;

  /** Connects at the first call. */
  constructor(proxy: ClusterEndpoint) {
    this.#client = new GrpcClient({
      connect: () =>
        connectToCluster(proxy, {
          protocols: [ALPN_PROXY_GRPC, ALPN_HTTP2],
          service: `the proxy of ${proxy.cluster}`,
        }),
      authority: clusterServerName(proxy.cluster),
    });
  }

  /**
   * Opens a stream to the SSH server of a node; it is there once the server has spoken.
   *
   * @param target.hostPort `name:0`, `<uuid>:0` or `address:port`.
   * @param target.cluster The node's cluster.
   * @throws {ToolError} What keeps the proxy from it.
   */
  async dialNode(
    target: { hostPort: string; cluster: string },
    signal: AbortSignal,
  ): Promise<Duplex> {
    const call = await this.#client.bidiBytes(TransportService.method.proxySSH, { signal });
    try {
      const request = create(ProxySSHRequestSchema, { dialTarget: target });
      await call.send(toBinary(ProxySSHRequestSchema, request));
      return await openNodeStream(call);
    } catch (error) {
      call.cancel();
      throw error;
    }
  }

  /** Ends all streams and the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
