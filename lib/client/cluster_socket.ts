/**
 * TLS to a service of a cluster through its proxy's one port: ALPN says which service, both sides show certificates, and
 * nobody is believed but the cluster that signed us in, with `--insecure` neither.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import * as tls from "node:tls";
import { ToolError } from "../errors/mod.ts";
import { clusterServerName } from "../wire/alpn.ts";
import type { Credentials } from "./headless.ts";
import { type Endpoint, networkError } from "./network_error.ts";

/** Longest time until the connection stands, in milliseconds. */
const CONNECT_TIMEOUT_MS = 20_000;

/** How often the system asks a silent peer whether it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** Where a cluster is, and how to be let in. */
export interface ClusterEndpoint {
  /** The proxy. */
  proxy: Endpoint;
  /** IP address that the proxy's name stood for a moment ago; saves asking again. */
  address: string | undefined;
  /** The cluster whose certificate must be shown. */
  cluster: string;
  credentials: Credentials;
  /** PEM certificates of the cluster's host CA. */
  authorities: readonly string[];
  /** Ends the attempt. */
  signal: AbortSignal;
}

/**
 * Connects.
 *
 * @param options.protocols ALPN protocols, the wanted one first.
 * @param options.service Its name in messages.
 * @throws {ToolError} `connection`, or `trust` when who answers is not the cluster that signed us in.
 */
export function connectToCluster(
  { proxy, address, cluster, credentials, authorities, signal }: ClusterEndpoint,
  { protocols, service }: { protocols: readonly string[]; service: string },
): Promise<tls.TLSSocket> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const socket = tls.connect({
    host: address ?? proxy.host,
    port: proxy.port,
    servername: clusterServerName(cluster),
    ALPNProtocols: [...protocols],
    ca: [...authorities],
    cert: credentials.tlsCertificate,
    key: bufferOf(credentials.keys.privateKeyPem),
  });
  const fail = (error: unknown) => {
    socket.destroy();
    reject(error);
  };
  const onAbort = () => fail(signal.reason);
  const timer = setTimeout(
    () => fail(new ToolError("connection", `${service} does not answer`)),
    CONNECT_TIMEOUT_MS,
  );
  const onError = (error: unknown) => fail(serviceError(error, proxy, service));
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("error", onError);
  socket.once("secureConnect", () => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    resolve(socket);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    socket.removeListener("error", onError);
  });
}

/** The same bytes, not copied. */
function bufferOf({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** What `--insecure` and SSL_CERT_FILE could do for a proxy they cannot do here, so their hint is left out. */
function serviceError(error: unknown, proxy: Endpoint, service: string): ToolError {
  const mapped = networkError(error, proxy);
  if (mapped.code !== "trust") return mapped;
  return new ToolError(
    "trust",
    `who answers for ${service} is not certified by the cluster that signed you in`,
    {
      cause: mapped,
      hint: "Somebody may be in between, or the proxy does not route TLS. Ask the administrator.",
    },
  );
}
