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
      holdBackWithReader(socket);
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

/** The TCP socket below a TLS socket, as far as it is used here. */
interface Below {
  _parent?: { _handle?: { readStop?: () => void; readStart?: () => void } | null };
}

/**
 * Makes a peer wait when nobody reads what it sends. Deno 2.9.6 goes on reading from a connection that TLS was handed while
 * the TLS socket is paused, and keeps what it reads: a peer that sends and never reads would fill the memory. There is no
 * public way to make it stop: pausing the TCP socket itself has no effect, because TLS has taken over its handle. Where there
 * is none, as below a stream within another connection, that stream's own flow control does it.
 */
function holdBackWithReader(socket: tls.TLSSocket): void {
  const below = () => (socket as Below)._parent?._handle;
  socket.on("pause", () => below()?.readStop?.());
  socket.on("resume", () => below()?.readStart?.());
}
