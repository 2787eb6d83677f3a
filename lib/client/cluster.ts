import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import type { HostSigner } from "../wire/web_api/certificates.ts";
import type { AuthConnection } from "./auth_connection.ts";
import type { FoundProxy } from "./find.ts";
import type { Credentials } from "./headless.ts";
import type { Node, NodeQuery } from "./nodes.ts";

/** Loads what is needed once somebody has approved, so that it is there by then. */
export async function preloadCluster(): Promise<void> {
  await import("./auth_connection.ts");
  await import("./nodes.ts");
}

/** A cluster to which this process may speak, with credentials that only it holds. */
export class Cluster implements AsyncDisposable {
  /** The cluster that is spoken to: the proxy's own, or one that trusts it. */
  readonly name: string;
  readonly #proxy: FoundProxy;
  readonly #credentials: Credentials;
  readonly #deps: Pick<Deps, "clock">;
  #connection: AuthConnection | undefined;

  /**
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

  async #connect(signal: AbortSignal): Promise<AuthConnection> {
    const { AuthConnection } = await import("./auth_connection.ts");
    this.#connection ??= new AuthConnection({
      proxy: this.#proxy.web.endpoint,
      address: this.#proxy.web.remoteAddress,
      cluster: this.name,
      credentials: this.#credentials,
      authorities: signersOf(this.name, this.#credentials).tlsCerts,
      signal,
    }, this.#deps);
    return this.#connection;
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#proxy.web[Symbol.dispose]();
    await this.#connection?.[Symbol.asyncDispose]();
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
