/**
 * The auth service, reached through the proxy's one port: TLS with ALPN `teleport-auth@<hex(cluster)>.teleport.cluster.local`,
 * both sides with certificates, gRPC inside.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import { ALPN_HTTP2, authAlpn, clusterServerName } from "../wire/alpn.ts";
import { GrpcClient } from "../wire/grpc/client.ts";
import { checkValidNow } from "./clock.ts";
import type { Credentials } from "./headless.ts";
import { type Endpoint, networkError } from "./network_error.ts";

/** Longest time until the connection stands, in milliseconds. */
const CONNECT_TIMEOUT_MS = 20_000;

/** Where the auth service is, and how to be let in. */
export interface AuthConnectionOptions {
  /** The proxy. */
  proxy: Endpoint;
  /** IP address that the proxy's name stood for a moment ago; saves asking again. */
  address: string | undefined;
  cluster: string;
  credentials: Credentials;
  /** PEM certificates of the cluster's host CA: nobody else is believed, with `--insecure` neither. */
  authorities: readonly string[];
  signal: AbortSignal;
}

/** The auth service of a cluster, for one login. */
export class AuthConnection implements AsyncDisposable {
  readonly #client: GrpcClient;
  readonly #checkCredentials: () => void;

  /** Connects at the first call. */
  constructor(options: AuthConnectionOptions, deps: Pick<Deps, "clock">) {
    const { validFrom, validTo } = new X509Certificate(options.credentials.tlsCertificate);
    const valid = { fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) };
    this.#checkCredentials = () => checkValidNow("the login's certificate", valid, deps.clock);
    this.#client = new GrpcClient({
      connect: () => connect(options),
      authority: clusterServerName(options.cluster),
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

function connect(options: AuthConnectionOptions): Promise<tls.TLSSocket> {
  const { proxy, signal, credentials, cluster } = options;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const socket = tls.connect({
    host: options.address ?? proxy.host,
    port: proxy.port,
    servername: clusterServerName(cluster),
    ALPNProtocols: [authAlpn(cluster), ALPN_HTTP2],
    ca: [...options.authorities],
    cert: credentials.tlsCertificate,
    key: credentials.keys.privateKeyPem,
  });
  const fail = (error: unknown) => {
    socket.destroy();
    reject(error);
  };
  const onAbort = () => fail(signal.reason);
  const timer = setTimeout(
    () => fail(new ToolError("connection", `the auth service of ${cluster} does not answer`)),
    CONNECT_TIMEOUT_MS,
  );
  const onError = (error: unknown) => fail(authError(error, options));
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("error", onError);
  socket.once("secureConnect", () => {
    socket.setNoDelay(true);
    resolve(socket);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    socket.removeListener("error", onError);
  });
}

/** What `--insecure` and SSL_CERT_FILE could do for a proxy they cannot do here, so their hint is left out. */
function authError(error: unknown, { proxy, cluster }: AuthConnectionOptions): ToolError {
  const mapped = networkError(error, proxy);
  if (mapped.code !== "trust") return mapped;
  return new ToolError(
    "trust",
    `who answers for the auth service of ${cluster} is not certified by the cluster that signed you in`,
    {
      cause: mapped,
      hint: "Somebody may be in between, or the proxy does not route TLS. Ask the administrator.",
    },
  );
}
