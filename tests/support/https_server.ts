import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { realDeps } from "../../lib/deps/mod.ts";
import type { CertificateAndKey } from "../../lib/keys/x509/mod.ts";
import { createWebCertificate } from "../../lib/keys/x509/mod.ts";

/** Answers one request. */
export type Handler = (
  request: IncomingMessage & { text: () => Promise<string> },
  response: ServerResponse,
) => void | Promise<void>;

/** A real HTTPS server on a free port of 127.0.0.1 that says what a test wants. */
export class HttpsServer implements AsyncDisposable {
  readonly port: number;
  /** PEM of its certificate. */
  readonly certificate: string;
  readonly #server: Server;

  private constructor(server: Server, certificate: string) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.certificate = certificate;
  }

  /** Starts it. Without `own` it has a self-signed certificate for localhost and 127.0.0.1. */
  static async start(handler: Handler, own?: CertificateAndKey): Promise<HttpsServer> {
    const { certPem, keyPem } = own ??
      await createWebCertificate({ nowMs: Date.now() }, realDeps());
    const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
      const text = async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of request) chunks.push(chunk);
        return new TextDecoder().decode(Buffer.concat(chunks));
      };
      void handler(Object.assign(request, { text }), response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new HttpsServer(server, certPem);
  }

  /** `localhost:<port>` */
  get address(): string {
    return `localhost:${this.port}`;
  }

  /** Cuts all connections, as a server that is killed does. */
  kill(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** What a Teleport 14 answered to `GET /webapi/ping/headless`, cut to what says something. */
export function pingBody(fields: {
  publicAddr?: string;
  allowHeadless?: boolean;
  connector?: string;
  serverVersion?: string;
  minClientVersion?: string;
} = {}): unknown {
  return {
    auth: {
      type: "local",
      second_factor: "webauthn",
      allow_passwordless: true,
      ...(fields.allowHeadless === false ? {} : { allow_headless: true }),
      local: { name: fields.connector ?? "headless" },
      webauthn: { rp_id: "localhost" },
      private_key_policy: "none",
      device_trust: { disabled: true },
      has_motd: false,
    },
    proxy: {
      kube: { enabled: true, listen_addr: "127.0.0.1:3080" },
      ssh: { listen_addr: "127.0.0.1:3080", public_addr: fields.publicAddr ?? "" },
      tls_routing_enabled: true,
    },
    server_version: fields.serverVersion ?? "14.0.0-dev",
    min_client_version: fields.minClientVersion ?? "",
    cluster_name: "demo",
    automatic_upgrades: false,
  };
}
