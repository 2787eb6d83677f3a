/**
 * What ssh and scp are told: the options that keep a connection safe come first on the command line, because the first
 * value of an option counts (ssh_config(5)); then the person's; then a configuration file with what may be overruled.
 *
 * Whatever is in these options is fixed, made here, or checked: a path of the private directory, a host's name, a command
 * quoted for /bin/sh.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { ToolError } from "../../errors/mod.ts";
import { PROXY_COMMAND_WORD, type ProxyCommandWay } from "../proxy_command/mod.ts";
import { isHostName } from "./destination.ts";
import { isAtLeast, type OpensshVersion } from "../version.ts";
import type { SshOption } from "./user_option.ts";

/** Files and sockets of the private directory that ssh is told of. */
export interface SshPaths {
  config: string;
  knownHosts: string;
  agentSocket: string;
}

/** A host as ssh knows it. */
export interface SshHost {
  /** What stands for it on ssh's command line; `isHostName` holds. */
  token: string;
  /** The name that its certificate must hold. */
  certifiedName: string;
  /** See {@linkcode proxyCommand}. */
  proxyCommand: string;
}

/**
 * The first arguments of ssh and scp: where their configuration is, and what nothing after them can change.
 *
 * @param options.proxyCommand The way to the host, when there is only one.
 */
export function safetyArguments(
  paths: SshPaths,
  options: { way: ProxyCommandWay; proxyCommand?: string | undefined },
): string[] {
  const settings: Record<string, string> = {
    IgnoreUnknown: "KnownHostsCommand", // since OpenSSH 8.5
    ...(options.proxyCommand === undefined ? {} : { ProxyCommand: options.proxyCommand }),
    ProxyUseFdpass: options.way === "pass" ? "yes" : "no",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: paths.knownHosts,
    GlobalKnownHostsFile: "/dev/null",
    KnownHostsCommand: "none",
    VerifyHostKeyDNS: "no",
    NoHostAuthenticationForLocalhost: "no",
    UpdateHostKeys: "no",
    CheckHostIP: "no",
    CanonicalizeHostname: "no",
    PreferredAuthentications: "publickey",
    PubkeyAuthentication: "yes",
    IdentityAgent: paths.agentSocket,
    IdentityFile: "none",
    IdentitiesOnly: "no",
    AddKeysToAgent: "no",
    ControlMaster: "no",
    ControlPath: "none",
    ControlPersist: "no",
    PermitLocalCommand: "no",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", paths.config, ...flags];
}

/** The person's options, checked by `parseUserOption`. */
export function userArguments(options: readonly SshOption[]): string[] {
  return options.flatMap(({ name, value }) => ["-o", `${name}=${value}`]);
}

/**
 * OpenSSH's first versions with a post-quantum key exchange by default, and with a fast one. The ones between take about
 * 90 ms more for each connection than curve25519, which is a third of a login; the TLS around the connection has its own
 * post-quantum exchange (X25519MLKEM768) where the proxy knows it.
 */
const SLOW_KEY_EXCHANGE = { since: [9, 0], until: [9, 9] } as const;

/** The configuration file for the hosts of a session. */
export function configFile(hosts: readonly SshHost[], version: OpensshVersion): string {
  const isSlow = isAtLeast(version, SLOW_KEY_EXCHANGE.since) &&
    !isAtLeast(version, SLOW_KEY_EXCHANGE.until);
  const lines = hosts.flatMap(({ token, certifiedName, proxyCommand }) => {
    if (!isHostName(token)) throw new ToolError("internal", "host without a name that ssh can use");
    if (!isCertifiedName(certifiedName)) {
      throw new ToolError("bad_parameter", "the cluster's name for the node is not a host's name");
    }
    return [
      `Host ${[...new Set([token, token.toLowerCase()])].join(" ")}`,
      `  HostKeyAlias ${certifiedName}`,
      `  ProxyCommand ${proxyCommand}`,
    ];
  });
  return [
    ...lines,
    "Host *",
    // About a quarter faster than the default where processors have AES, and as good.
    "  Ciphers ^aes128-gcm@openssh.com",
    ...isSlow ? ["  KexAlgorithms ^curve25519-sha256"] : [],
    // A node that vanished without a word is noticed after three minutes.
    "  ServerAliveInterval 60",
    "  ServerAliveCountMax 3",
    "",
  ].join("\n");
}

/** Names and addresses, as certificates of hosts hold them. */
function isCertifiedName(name: string): boolean {
  return isHostName(name) || /^[0-9a-f:.]{2,45}$/i.test(name);
}

/** known_hosts(5): hosts are believed by the cluster's certificate authority alone, whatever they are called. */
export function knownHostsFile(caKeys: readonly { type: string; blob: Uint8Array }[]): string {
  return caKeys.map((key) => `@cert-authority * ${key.type} ${key.blob.toBase64()}\n`).join("");
}

/**
 * The command line that connects ssh with the private socket at `path`. ssh runs it as `$SHELL -c "exec …"`, with SHELL set
 * to /bin/sh, after replacing `%` tokens.
 *
 * @throws {ToolError} `internal` when this program lies where no command line can name it.
 */
export function proxyCommand(way: ProxyCommandWay, path: string): string {
  const words = [...helperCommand(), way, path];
  const line = words.map(shellQuote).join(" ").replaceAll("%", "%%");
  // deno-lint-ignore no-control-regex -- a line break would begin another option
  if (/[\x00-\x1f]/.test(line)) {
    throw new ToolError("internal", "this program's path holds a control character");
  }
  return line;
}

/** How the helper is started: compiled, by this very program; otherwise by Deno, with the right to FFI or sockets. */
function helperCommand(): string[] {
  if (Deno.build.standalone) return [Deno.execPath(), PROXY_COMMAND_WORD];
  const module = import.meta.resolve("../proxy_command/main.ts");
  const flags = ["--no-config", "--no-lock", "--no-prompt", "--quiet", "-A"];
  const main = module.startsWith("file:") ? fileURLToPath(module) : module;
  return [Deno.execPath(), "run", ...flags, main];
}

/** A word that /bin/sh reads as it is. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
