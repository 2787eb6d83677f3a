import { isIP } from "node:net";
import { ToolError } from "../errors/mod.ts";

/** Where people and tools find the proxy. */
export interface PublicAddress {
  /** `host:port`, the port always named; IPv6 in brackets. */
  hostPort: string;
  /** As browsers write it: `https://host`, with the port unless it is 443. */
  origin: string;
  /** Whether the host is `localhost`, a name below it, or an address: browsers keep no HSTS for those, nor should they. */
  isLocal: boolean;
}

/**
 * Reads `public_addr`.
 *
 * @param address `host` or `host:port`.
 * @param defaultPort The port that is listened on, where `address` names none.
 * @throws `bad_parameter`
 */
export function parsePublicAddress(address: string, defaultPort: number): PublicAddress {
  const url = URL.canParse(`https://${address}`) ? new URL(`https://${address}`) : undefined;
  const plain = url !== undefined && url.pathname === "/" && url.search === "" && url.hash === "" &&
    url.username === "" && url.password === "" && !/[/?#@\s]/.test(address);
  if (!plain) throw new ToolError("bad_parameter", `not a host and port: "${address}"`);
  // URL drops the port 443, which is not the same as none.
  const port = /:(\d+)$/.exec(address.replace(/^\[[^\]]*\]/, ""))?.[1] ?? String(defaultPort);
  url.port = port;
  const host = url.hostname;
  return {
    hostPort: `${host}:${port}`,
    origin: url.origin,
    isLocal: host === "localhost" || host.endsWith(".localhost") || host.startsWith("[") ||
      isIP(host) !== 0,
  };
}
