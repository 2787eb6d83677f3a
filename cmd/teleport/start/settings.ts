import { isIP } from "node:net";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { AuthLimits } from "../../../lib/auth/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import type { ProxyLimits } from "../../../lib/proxy/mod.ts";
import {
  type AuthPreferenceSpec,
  type HostPort,
  isRpId,
  joinHostPort,
  splitHostPort,
  type TeleportConfig,
} from "../../../lib/resources/mod.ts";
import { defaultDataDir } from "../../data_dir.ts";

/** Teleport's port for the web. */
const DEFAULT_PORT = 3080;
/** Teleport's port for SSH nodes. */
const DEFAULT_SSH_PORT = 3022;

/** Everything that a cluster needs to know to run: the configuration with nothing left open. */
export interface ClusterSettings {
  /** Absolute path. */
  dataDir: string;
  clusterName: string;
  /** Where the one port listens. */
  listen: HostPort;
  /** `host:port` under which people and tools find the proxy. */
  publicAddr: string;
  /** The relying party id when the authentication section has none. */
  defaultRpId: string;
  /** The authentication section, if there is one. */
  authentication: AuthPreferenceSpec | undefined;
  /** PEM files of web certificates; the cluster makes its own where there are none. */
  keypairs: { certFile: string; keyFile: string }[];
  trustedProxies: string[];
  authLimits: Partial<AuthLimits>;
  proxyLimits: Partial<ProxyLimits>;
  /** This machine as a node: what it is called, and where its sshd listens. */
  node: { hostname: string; listen: HostPort; labels: Record<string, string> } | undefined;
}

/**
 * Fills in what the configuration leaves open:
 * - the data directory is `$XDG_DATA_HOME/latchkey`;
 * - the cluster is called like this machine;
 * - the port is 3080, on 127.0.0.1 where the public address is this machine's alone (`localhost`, which is also the
 *   default), else on all interfaces: without a public address nobody else could sign in anyway, because a security key is
 *   bound to the host name in the browser;
 * - the node's sshd is at 127.0.0.1:3022, because the proxy, in the same process, is who dials it: nobody needs to reach it from
 *   elsewhere, and who wants that says so with ssh_service.listen_addr;
 * - the relying party id is the public address's host, or `localhost` when that is an IP address.
 *
 * @throws {ToolError} `bad_parameter` for what this program cannot do.
 */
export function resolveSettings(
  config: TeleportConfig,
  options: { dataDir?: string },
  deps: Pick<Deps, "env" | "process">,
): ClusterSettings {
  const { teleport, auth_service: auth, proxy_service: proxy, ssh_service: ssh } = config;
  if (!auth.enabled || !proxy.enabled) {
    throw new ToolError(
      "bad_parameter",
      "auth_service and proxy_service run together here, expected both to be enabled",
    );
  }
  const nodename = teleport.nodename ?? localName();
  const [named] = proxy.public_addr;
  const isLocal = named === undefined || isLoopback(splitHostPort(named, DEFAULT_PORT)!.host);
  const listen = splitHostPort(
    proxy.web_listen_addr ?? `${isLocal ? "127.0.0.1" : "0.0.0.0"}:${DEFAULT_PORT}`,
  )!;
  const publicHost = splitHostPort(named ?? "localhost", DEFAULT_PORT)!.host;
  return {
    dataDir: resolve(options.dataDir ?? teleport.data_dir ?? defaultDataDir(deps)),
    clusterName: auth.cluster_name ?? nodename,
    listen,
    publicAddr: named ?? "localhost",
    defaultRpId: isRpId(publicHost) ? publicHost : "localhost",
    authentication: auth.authentication,
    keypairs: proxy.https_keypairs.map(({ cert_file, key_file }) => ({
      certFile: resolve(cert_file),
      keyFile: resolve(key_file),
    })),
    trustedProxies: proxy.trusted_proxies,
    authLimits: camelCased(auth.limits),
    proxyLimits: camelCased(proxy.limits),
    node: ssh.enabled
      ? {
        hostname: nodename,
        listen: splitHostPort(ssh.listen_addr ?? `127.0.0.1:${DEFAULT_SSH_PORT}`)!,
        labels: ssh.labels,
      }
      : undefined,
  };
}

/** How something on this machine reaches what listens there: "all interfaces" is no address to dial. */
export function dialAddress({ host, port }: HostPort): string {
  const dialled = host === "" || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return joinHostPort({ host: dialled, port });
}

/** `{waiting_total: 5}` as `{waitingTotal: 5}`: the file's spelling becomes the program's. */
function camelCased<T>(fields: object): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined).map((
    [name, value],
  ) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    typeof value === "object" ? camelCased(value) : value,
  ]);
  return Object.fromEntries(entries) as Partial<T>;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" ||
    (isIP(host) === 4 && host.startsWith("127."));
}

/** This machine's name, made fit for a cluster's and a node's. */
function localName(): string {
  return hostname().replace(/[^A-Za-z0-9._-]/g, "-") || "localhost";
}
