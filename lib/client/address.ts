import { ToolError } from "../errors/mod.ts";

/** Ports at which a proxy that is named without one is looked for: HTTPS's own, and Teleport's. */
export const DEFAULT_PROXY_PORTS: readonly number[] = [443, 3080];

/** Port of the proxy's SSH service where TLS routing is off and none is named. */
export const DEFAULT_SSH_PORT = 3023;

/** A proxy's address as a person types it. */
export interface ProxyAddress {
  /** What was typed, for messages and for commands that are shown. */
  typed: string;
  /** DNS name in ASCII, or IP address without brackets. */
  host: string;
  /** Port of the web service; absent when none was named, and then {@linkcode DEFAULT_PROXY_PORTS} are tried. */
  webPort: number | undefined;
  /** Port of the SSH service, for clusters without TLS routing. */
  sshPort: number;
}

/**
 * Reads a proxy's address: `host`, `host:web`, `host:web,ssh`, `host:,ssh`, an IPv6 address with or without brackets, or
 * an `https://` address as a browser shows it (its path does not count, and without a port it means 443).
 *
 * @throws {ToolError} `usage` when it is none of these.
 */
export function parseProxyAddress(text: string): ProxyAddress {
  const typed = text.trim();
  const refuse = (why: string): never => {
    throw new ToolError("usage", `cannot use "${typed}" as proxy address: ${why}`, {
      hint: "Name the proxy as host, host:port, host:port,ssh_port or https://host:port.",
    });
  };
  if (typed === "") refuse("it is empty");
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "https") refuse(`${scheme} is not https`);
  const rest = scheme === undefined
    ? typed
    : typed.slice("https://".length).replace(/[/?#].*$/s, "");
  const { host, port } = splitHostPort(rest) ?? refuse("it is not host and port");
  const ports = port === undefined ? [] : port.split(",").map((part) => part.trim());
  if (ports.length > 2) refuse("it has more than two ports");
  const [webPort, sshPort] = [ports[0], ports[1]].map((part) => {
    if (part === undefined || part === "") return undefined;
    return parsePort(part) ?? refuse(`${part} is not a port`);
  });
  return {
    typed,
    host: normalHost(host) ?? refuse(`"${host}" is not a host name or address`),
    webPort: webPort ?? (scheme === undefined ? undefined : 443),
    sshPort: sshPort ?? DEFAULT_SSH_PORT,
  };
}

/** Writes host and port with brackets around an IPv6 address. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Reads `host:port` as a server says it.
 *
 * @returns `undefined` when it is not that.
 */
export function parseHostPort(text: string): { host: string; port: number } | undefined {
  const parts = splitHostPort(text);
  const host = parts === undefined ? undefined : normalHost(parts.host);
  const port = parsePort(parts?.port ?? "");
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** Whether a host name or address means this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" ||
    /^127(\.\d{1,3}){3}$/.test(host);
}

function splitHostPort(text: string): { host: string; port: string | undefined } | undefined {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    if (!bracketed[1]!.includes(":")) return undefined;
    return { host: bracketed[1]!, port: bracketed[2] };
  }
  const colons = text.split(":").length - 1;
  if (colons > 1) return { host: text, port: undefined };
  const [host, port] = text.split(":") as [string, string | undefined];
  return { host, port };
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** The URL parser knows names in any script (to punycode) and addresses in any spelling. */
function normalHost(host: string): string | undefined {
  if (host === "" || /[\s/?#@\\%]/.test(host)) return undefined;
  try {
    const { hostname } = new URL(`https://${host.includes(":") ? `[${host}]` : host}`);
    return hostname.replace(/^\[(.*)\]$/, "$1");
  } catch {
    return undefined;
  }
}
