/**
 * Names that a Teleport proxy routes by: TLS ALPN protocols and server names. All services of a proxy share one port.
 *
 * @module
 */

/** ALPN prefix of the auth service's protocol; what follows is {@linkcode clusterServerName}. */
export const ALPN_AUTH_PREFIX = "teleport-auth@";

/** ALPN protocol of the proxy's own gRPC services (transport); needs a client certificate. */
export const ALPN_PROXY_GRPC = "teleport-proxy-ssh-grpc";

/** ALPN protocol of an SSH server handshake inside TLS, which clients of 2023 still open. */
export const ALPN_PROXY_SSH = "teleport-proxy-ssh";

/** ALPN protocol that clients probe for, to learn whether the way to the proxy keeps ALPN. */
export const ALPN_REVERSE_TUNNEL = "teleport-reversetunnel";

/** ALPN protocol of HTTP/2 (RFC 9113 §3.2), offered after Teleport's own names. */
export const ALPN_HTTP2 = "h2";

/** ALPN protocol of HTTP/1.1 (RFC 7301 §6). */
export const ALPN_HTTP1 = "http/1.1";

/** Domain under which every certificate of a cluster's hosts is valid. */
export const API_DOMAIN = "teleport.cluster.local";

/**
 * TLS server name under which a cluster's auth service and proxy answer mTLS: the cluster's name in UTF-8 as lower-case
 * hexadecimal digits, so that any name makes one DNS label, under {@linkcode API_DOMAIN}.
 *
 * @example
 * ```ts
 * import { clusterServerName } from "./alpn.ts";
 * import assert from "node:assert/strict";
 * assert.equal(clusterServerName("localhost"), "6c6f63616c686f7374.teleport.cluster.local");
 * ```
 */
export function clusterServerName(clusterName: string): string {
  return `${new TextEncoder().encode(clusterName).toHex()}.${API_DOMAIN}`;
}

/**
 * ALPN protocol that leads to a cluster's auth service.
 *
 * @param clusterName The cluster's name as ping gives it, not encoded.
 */
export function authAlpn(clusterName: string): string {
  return ALPN_AUTH_PREFIX + clusterServerName(clusterName);
}

/**
 * The cluster's name in a server name that {@linkcode clusterServerName} made.
 *
 * @returns `undefined` when `serverName` is not of that form.
 */
export function clusterNameOf(serverName: string): string | undefined {
  const suffix = `.${API_DOMAIN}`;
  if (!serverName.endsWith(suffix)) return undefined;
  const hex = serverName.slice(0, -suffix.length);
  if (!/^(?:[0-9a-f]{2})+$/.test(hex)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.fromHex(hex),
    );
  } catch {
    return undefined;
  }
}
