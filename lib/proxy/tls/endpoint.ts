import type { Duplex } from "node:stream";
import tls from "node:tls";
import { getLogger } from "@logtape/logtape";

const log = getLogger(["latchkey", "proxy"]);

/** What makes a {@linkcode TlsEndpoint}. */
export interface TlsEndpointOptions {
  /** PEM, the server's own certificate first. */
  certPem: string;
  /** PEM. */
  keyPem: string;
  /** ALPN protocols, most wanted first. */
  alpnProtocols: string[];
  /** PEM certificates of the CAs that client certificates have to come from; absent: none is asked for. */
  clientCasPem?: string[];
  /** How long a handshake may take, in milliseconds. */
  handshakeMs: number;
  /** Takes each connection whose handshake has succeeded. */
  onSecure: (socket: tls.TLSSocket) => void;
}

/**
 * A TLS server without a port of its own: it is handed connections, which may also be streams inside other connections.
 * Where client certificates are asked for, only connections with a valid one come out.
 */
export class TlsEndpoint {
  readonly #server: tls.Server;

  /** Makes an endpoint that is ready for connections. */
  constructor(options: TlsEndpointOptions) {
    const withClientCertificates = options.clientCasPem !== undefined;
    this.#server = tls.createServer({
      cert: options.certPem,
      key: options.keyPem,
      ALPNProtocols: options.alpnProtocols,
      handshakeTimeout: options.handshakeMs,
      minVersion: "TLSv1.2",
      requestCert: withClientCertificates,
      rejectUnauthorized: withClientCertificates,
      ...(withClientCertificates ? { ca: options.clientCasPem } : {}),
    });
    this.#server.on("secureConnection", (socket) => {
      socket.on("error", (error) => log.debug("TLS connection failed: {error}", { error }));
      // `rejectUnauthorized` has seen to it; nothing must ever depend on one layer alone here.
      if (withClientCertificates && !socket.authorized) socket.destroy();
      else options.onSecure(socket);
    });
    this.#server.on("tlsClientError", (error, socket) => {
      log.debug("TLS handshake failed: {error}", { error });
      socket.destroy();
    });
  }

  /** Takes a connection at whose start a ClientHello is to be read. */
  accept(connection: Duplex): void {
    this.#server.emit("connection", connection);
  }
}
