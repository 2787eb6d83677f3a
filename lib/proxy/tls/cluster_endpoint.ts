import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { getLogger } from "@logtape/logtape";
import type { Auth } from "../../auth/mod.ts";
import { TlsEndpoint } from "./endpoint.ts";

const log = getLogger(["latchkey", "proxy"]);

type ServerTls = Awaited<ReturnType<Auth["serverTls"]>>;

/** What a {@linkcode ClusterEndpoint} needs. */
export interface ClusterEndpointOptions {
  auth: Pick<Auth, "serverTls">;
  alpnProtocols: string[];
  handshakeMs: number;
  /** How long a certificate is used before the auth service is asked for its newest, in milliseconds. */
  refreshMs: number;
  onSecure: (socket: TLSSocket) => void;
}

/**
 * TLS within the cluster: the auth service's certificate, and client certificates of the cluster's CAs required. Asks for
 * both again from time to time, so that CAs can be rotated while it runs.
 */
export class ClusterEndpoint implements Disposable {
  readonly #options: ClusterEndpointOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #tls: ServerTls;
  #endpoint: TlsEndpoint;

  private constructor(options: ClusterEndpointOptions, tls: ServerTls) {
    this.#options = options;
    this.#tls = tls;
    this.#endpoint = this.#make(tls);
    this.#timer = setInterval(() => void this.#refresh(), options.refreshMs);
  }

  /** Asks for the certificate. */
  static async open(options: ClusterEndpointOptions): Promise<ClusterEndpoint> {
    return new ClusterEndpoint(options, await options.auth.serverTls());
  }

  #make(tls: ServerTls): TlsEndpoint {
    const { alpnProtocols, handshakeMs, onSecure } = this.#options;
    const { certPem, keyPem, clientCasPem } = tls;
    return new TlsEndpoint({ certPem, keyPem, clientCasPem, alpnProtocols, handshakeMs, onSecure });
  }

  async #refresh(): Promise<void> {
    try {
      const tls = await this.#options.auth.serverTls();
      if (JSON.stringify(tls) === JSON.stringify(this.#tls)) return;
      this.#endpoint = this.#make(tls);
      this.#tls = tls;
    } catch (error) {
      log.error("the auth service's certificate cannot be had anew: {error}", { error });
    }
  }

  /** Takes a connection, or a stream inside one. */
  accept(connection: Duplex): void {
    this.#endpoint.accept(connection);
  }

  /** Asks no longer. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
