import { isIPv6 } from "node:net";

/** A host and a port, apart. */
export interface HostPort {
  /** A name or an IP address, without brackets; empty for "all interfaces" (`:3080`). */
  host: string;
  /** 0 to 65535. */
  port: number;
}

/**
 * Takes `host:port` apart: `proxy.example.com:443`, `127.0.0.1:22`, `[::1]:3080`, `:3080`.
 *
 * @param text What somebody wrote.
 * @param defaultPort The port when none is written; without it a port is required.
 * @returns `undefined` when `text` is not such an address.
 */
export function splitHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const match = /^(?:\[([^\s\]]+)\]|([^\s:[\]/@?#]*))(?::(\d{1,5}))?$/.exec(text);
  if (match === null || match[1] !== undefined && !isIPv6(match[1])) return undefined;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  const host = match[1] ?? match[2] ?? "";
  if (port === undefined || port > 65535 || host === "" && match[3] === undefined) return undefined;
  return { host, port };
}

/** Puts `host:port` together, an IPv6 address in brackets. */
export function joinHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
