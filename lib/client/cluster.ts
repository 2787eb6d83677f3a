import type { Duplex } from "node:stream";
import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import type { HostSigner } from "../wire/web_api/certificates.ts";
import type { AuthConnection } from "./auth_connection.ts";
import type { FoundProxy } from "./find.ts";
import type { Credentials } from "./headless.ts";
import type { ClusterEndpoint } from "./cluster_socket.ts";
import type { Node, NodeQuery } from "./nodes.ts";
import type { TransportConnection } from "./transport.ts";

/** Loads what is needed once somebody has approved, so that it is there by then. */
export async function preloadCluster(): Promise<void> {
  await import("./auth_connection.ts");
  await import("./nodes.ts");
}

/** As {@linkcode preloadCluster}, for sessions with nodes. */
export async function preloadTransport(): Promise<void> {
  await import("./transport.ts");
}

/** What a login brought for SSH. Secrets: never to be logged or written. */
export interface SshLogin {
  /** Signs with the private key, giving `string algorithm | string signature`. */
  sign: (data: Uint8Array) => Uint8Array;
  /** OpenSSH certificate, one line. */
  sshCertificate: string;
  /** authorized_keys lines of the cluster's host authority. */
  hostAuthorityKeys: readonly string[];
}

/** A cluster to which this process may speak, with credentials that only it holds. */
export class Cluster implements AsyncDisposable {
  /** The cluster that is spoken to: the proxy's own, or one that trusts it. */
  readonly name: string;
  readonly #proxy: FoundProxy;
  readonly #credentials: Credentials;
  readonly #deps: Pick<Deps, "clock">;
  #connection: AuthConnection | undefined;
  #transport: TransportConnection | undefined;

  /**
   * A cluster behind `proxy`; nothing is connected yet.
   *
   * @param name The cluster's name.
   * @throws {ToolError} `not_found` when the credentials do not lead to a cluster of that name.
   */
  constructor(
    name: string,
    proxy: FoundProxy,
    credentials: Credentials,
    deps: Pick<Deps, "clock">,
  ) {
    this.name = name;
    this.#proxy = proxy;
    this.#credentials = credentials;
    this.#deps = deps;
    signersOf(name, credentials);
  }

  /** The nodes that the user may reach, sorted by host name. */
  async listNodes(query: NodeQuery, signal: AbortSignal): Promise<Node[]> {
    const { listNodes } = await import("./nodes.ts");
    const connection = await this.#connect(signal);
    return await connection.run((client) => listNodes(client, query, signal));
  }

  /** What this login brought for SSH. */
  sshCredentials(): SshLogin {
    return {
      sign: (data) => this.#credentials.keys.sign(data),
      sshCertificate: this.#credentials.sshCertificate,
      hostAuthorityKeys: signersOf(this.name, this.#credentials).checkingKeys,
    };
  }

  /**
   * Opens a stream to the SSH server of a node; it is there once the server has spoken.
   *
   * @param hostPort `name:0`, `<uuid>:0` or `address:port`.
   * @throws {ToolError} What keeps the proxy from it.
   */
  async dialNode(hostPort: string, signal: AbortSignal): Promise<Duplex> {
    const { TransportConnection } = await import("./transport.ts");
    // Whatever cluster the node is in, it is our own proxy that is asked.
    const { clusterName } = this.#proxy.answer;
    this.#transport ??= new TransportConnection(this.#endpoint(clusterName, signal));
    return await this.#transport.dialNode({ hostPort, cluster: this.name }, signal);
  }

  async #connect(signal: AbortSignal): Promise<AuthConnection> {
    const { AuthConnection } = await import("./auth_connection.ts");
    this.#connection ??= new AuthConnection(this.#endpoint(this.name, signal), this.#deps);
    return this.#connection;
  }

  #endpoint(cluster: string, signal: AbortSignal): ClusterEndpoint {
    return {
      proxy: this.#proxy.web.endpoint,
      address: this.#proxy.web.remoteAddress,
      cluster,
      credentials: this.#credentials,
      authorities: signersOf(cluster, this.#credentials).tlsCerts,
      signal,
    };
  }

  /** Closes all connections and wipes the key. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#credentials.keys.wipe();
    await Promise.all([
      this.#connection?.[Symbol.asyncDispose](),
      this.#transport?.[Symbol.asyncDispose](),
    ]);
  }
}

function signersOf(name: string, credentials: Credentials): HostSigner {
  const signer = credentials.hostSigners.find((signer) => signer.clusterName === name);
  if (signer !== undefined && signer.tlsCerts.length > 0) return signer;
  const known = credentials.hostSigners.map((signer) => signer.clusterName).join(", ");
  throw new ToolError("not_found", `cluster "${name}" not found`, {
    hint: `Clusters that this login leads to: ${known || "none"}.`,
  });
}
