/**
 * For whom a connection is, by what its ClientHello says.
 *
 * @module
 */

import {
  ALPN_AUTH_PREFIX,
  ALPN_HTTP1,
  ALPN_PROXY_GRPC,
  ALPN_REVERSE_TUNNEL,
  API_DOMAIN,
  authAlpn,
  clusterServerName,
} from "../../wire/alpn.ts";
import type { ClientHello } from "./client_hello.ts";

/** TLS alerts that refuse a ClientHello (RFC 8446 §6.2). */
export const Alert = {
  NO_APPLICATION_PROTOCOL: 120,
  UNRECOGNIZED_NAME: 112,
  DECODE_ERROR: 50,
} as const;

/** Where a connection goes. */
export type Route =
  | {
    /**
     * - `web`: pages and web API.
     * - `cluster_web`: the same under the cluster's own name and certificate, for machines that know the cluster by nothing but
     *   its certificate authority.
     * - `auth`: RPCs of the auth service.
     * - `transport`: RPCs of the proxy itself.
     * - `probe`: somebody who tries whether ALPN survives the way here, and hangs up when it does.
     */
    to: "web" | "cluster_web" | "auth" | "transport" | "probe";
  }
  | { to: "nowhere"; alert: number };

/**
 * Decides. Teleport's own protocols come before `h2` and `http/1.1`, which clients add to them as what is spoken inside:
 * a list with `teleport-auth@…` is for the auth service wherever in the list it stands.
 *
 * The web speaks HTTP/1.1 only. Of HTTP/2 under Deno and @hono/node-server, an answer with a header that HTTP/2 forbids
 * ends the whole process, and for pages that make three requests nothing would be won.
 */
export function routeOf(hello: ClientHello, clusterName: string): Route {
  const { serverName, alpnProtocols } = hello;
  const teleports = alpnProtocols.filter((name) => name.startsWith("teleport-"));
  for (const protocol of teleports) {
    if (protocol.startsWith(ALPN_AUTH_PREFIX)) {
      return protocol === authAlpn(clusterName) ? { to: "auth" } : refuse("UNRECOGNIZED_NAME");
    }
    if (protocol === ALPN_PROXY_GRPC) return { to: "transport" };
    if (protocol === ALPN_REVERSE_TUNNEL) return { to: "probe" };
  }
  if (teleports.length > 0) return refuse("NO_APPLICATION_PROTOCOL");
  if (serverName === clusterServerName(clusterName)) {
    const [first, ...others] = alpnProtocols;
    return { to: first === ALPN_HTTP1 && others.length === 0 ? "cluster_web" : "auth" };
  }
  if (serverName?.endsWith(`.${API_DOMAIN}`)) return refuse("UNRECOGNIZED_NAME");
  const speaksHttp1 = alpnProtocols.length === 0 || alpnProtocols.includes(ALPN_HTTP1);
  return speaksHttp1 ? { to: "web" } : refuse("NO_APPLICATION_PROTOCOL");
}

function refuse(reason: keyof typeof Alert): Route {
  return { to: "nowhere", alert: Alert[reason] };
}

/** A fatal alert as a record (RFC 8446 §5.1, §6): `byte 21 | uint16 version | uint16 2 | byte 2 | byte description`. */
export function alertRecord(description: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, description);
}
