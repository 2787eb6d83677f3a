import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { certificateFor, type CertificateSource } from "./certificates.ts";
import type { ClientHello } from "./client_hello.ts";
import { TlsEndpoint } from "./endpoint.ts";

/** What a {@linkcode WebEndpoints} needs. */
export interface WebEndpointsOptions {
  certificates: CertificateSource;
  alpnProtocols: string[];
  handshakeMs: number;
  onSecure: (socket: TLSSocket) => void;
}

/** TLS for the web: an endpoint for each certificate, chosen by name, made anew when certificates change. */
export class WebEndpoints implements Disposable {
  readonly #options: WebEndpointsOptions;
  readonly #stop: () => void;
  #endpoints: { certificate: X509Certificate; endpoint: TlsEndpoint }[];

  /** Reads the certificates. */
  constructor(options: WebEndpointsOptions) {
    this.#options = options;
    this.#endpoints = this.#make();
    this.#stop = options.certificates.onChange(() => this.#endpoints = this.#make());
  }

  #make(): { certificate: X509Certificate; endpoint: TlsEndpoint }[] {
    const { certificates, ...options } = this.#options;
    return certificates.current().map((pair) => ({
      certificate: new X509Certificate(pair.certPem),
      endpoint: new TlsEndpoint({ ...pair, ...options }),
    }));
  }

  /** Takes a connection whose ClientHello has been read. */
  accept(socket: Socket, hello: ClientHello): void {
    certificateFor(this.#endpoints, hello.serverName).endpoint.accept(socket);
  }

  /** Follows the source no longer. */
  [Symbol.dispose](): void {
    this.#stop();
  }
}
