import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Auth } from "../../auth/mod.ts";
import { TlsEndpoint } from "./endpoint.ts";

/** What a {@linkcode ClusterTls} needs. */
export interface ClusterTlsOptions {
  auth: Pick<Auth, "serverTls">;
  /** Most wanted first. */
  alpnProtocols: string[];
  handshakeMs: number;
}

/** A connection whose client has shown a certificate of the cluster's. */
export interface Authenticated {
  socket: TLSSocket;
  /** The client's certificate, DER. */
  certificate: Uint8Array;
}

/**
 * TLS within the cluster: the auth service's certificate, and a client certificate of the cluster's CAs required. Both are
 * asked for anew for each connection, which takes 0.1 ms, so that CAs can be rotated while connections come.
 */
export class ClusterTls {
  readonly #options: ClusterTlsOptions;

  /** Makes TLS that is ready for connections. */
  constructor(options: ClusterTlsOptions) {
    this.#options = options;
  }

  /**
   * Takes a connection, or a stream inside one, at whose start a ClientHello is to be read.
   *
   * @param onSecure Called when the handshake has succeeded; otherwise the connection ends.
   */
  async accept(connection: Duplex, onSecure: (peer: Authenticated) => void): Promise<void> {
    const { auth, alpnProtocols, handshakeMs } = this.#options;
    const { certPem, keyPem, clientCasPem } = await auth.serverTls();
    const endpoint = new TlsEndpoint({
      certPem,
      keyPem,
      clientCasPem,
      alpnProtocols,
      handshakeMs,
      onSecure: (socket) =>
        onSecure({ socket, certificate: new Uint8Array(socket.getPeerCertificate().raw) }),
    });
    endpoint.accept(connection);
  }
}
