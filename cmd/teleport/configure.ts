import { Command } from "commander";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Deps } from "../../lib/deps/mod.ts";
import { messageOf, ToolError } from "../../lib/errors/mod.ts";
import { isRpId, parseTeleportConfig, splitHostPort } from "../../lib/resources/mod.ts";
import { defaultDataDir } from "../data_dir.ts";

/** What `teleport configure` was asked. */
export interface ConfigureOptions {
  clusterName?: string;
  /** `host` or `host:port`. */
  publicAddr?: string;
  certFile?: string;
  keyFile?: string;
  dataDir: string;
  nodeName: string;
}

/** `teleport configure`. */
export function configureCommand(deps: Pick<Deps, "env" | "process" | "terminal">): Command {
  return new Command("configure")
    .description("Print a teleport.yaml to start from.")
    .option("--cluster-name <name>", "Name of the cluster, by default the public address's host")
    .option(
      "--public-addr <address>",
      "host or host:port under which people find the proxy; this machine only without it",
    )
    .option("--cert-file <file>", "TLS certificate of the proxy, PEM")
    .option("--key-file <file>", "Key of the TLS certificate, PEM")
    .option("--data-dir <directory>", "Where the cluster keeps its data")
    .option("-o, --output <file>", "Write a new file instead of printing")
    .action(async (
      options: Partial<ConfigureOptions> & { output?: string },
    ) => {
      const { output, dataDir = defaultDataDir(deps), ...rest } = options;
      const text = formatConfiguration({ ...rest, dataDir, nodeName: shortHostName() });
      if (output === undefined) return await deps.terminal.stdout(text);
      await writeNew(output, text);
      await deps.terminal.stderr(
        `Wrote ${output}. Start the cluster with: teleport start -c ${output}\n`,
      );
    });
}

/**
 * The file's text.
 *
 * @throws {ToolError} `usage` for options that would make a file that `teleport start` refuses.
 */
export function formatConfiguration(options: ConfigureOptions): string {
  const { publicAddr, certFile, keyFile, dataDir, nodeName } = options;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ToolError(
      "usage",
      "--cert-file and --key-file belong together, expected both or none",
    );
  }
  const address = publicAddr === undefined ? undefined : splitHostPort(publicAddr, 443);
  if (publicAddr !== undefined && !address?.host) {
    throw new ToolError(
      "usage",
      `--public-addr has the value "${publicAddr}", expected host or host:port`,
    );
  }
  const host = address?.host ?? "localhost";
  const rpId = isRpId(host) ? host : "localhost";
  const clusterName = options.clusterName ?? (isIP(host) || host === "localhost" ? nodeName : host);
  const keypairs = certFile === undefined
    ? `  # Without a certificate the proxy makes its own, which browsers warn of.
  # https_keypairs:
  # - key_file: /etc/letsencrypt/live/proxy.example.com/privkey.pem
  #   cert_file: /etc/letsencrypt/live/proxy.example.com/fullchain.pem
`
    : `  https_keypairs:\n  - key_file: ${quote(keyFile!)}\n    cert_file: ${quote(certFile)}\n`;
  const listen = address === undefined ? "127.0.0.1:3080" : `0.0.0.0:${address.port}`;
  const text = `# teleport.yaml: start the cluster with  teleport start -c teleport.yaml
version: v3
teleport:
  nodename: ${quote(nodeName)}
  data_dir: ${quote(dataDir)}
  log:
    severity: INFO
    format:
      output: text
auth_service:
  enabled: yes
  cluster_name: ${quote(clusterName)}
  authentication:
    type: local
    second_factors: [webauthn]
    webauthn:
      # Security keys are registered for this domain and useless for any other: choose it once. The pages of the
      # proxy must be under it.
      rp_id: ${quote(rpId)}
proxy_service:
  enabled: yes
  web_listen_addr: ${quote(listen)}
  public_addr: ${quote(publicAddr ?? "localhost:3080")}
${keypairs}ssh_service:
  # Runs OpenSSH's sshd on this machine, as a node of the cluster; needs root.
  enabled: no
  # The proxy reaches it here. Another address than this machine's own lets people come past the proxy, as far as the node lets
  # them in.
  listen_addr: 127.0.0.1:3022
  labels:
    os: ${Deno.build.os}
`;
  checked(text);
  return text;
}

/** What was put in by options may be what the configuration does not take. */
function checked(text: string): void {
  try {
    parseTeleportConfig(text, "teleport.yaml");
  } catch (error) {
    const reason = messageOf(error).replace(/^teleport\.yaml:\d+:\d+: /, "");
    throw new ToolError("usage", `cannot make a configuration of these options: ${reason}`, {
      cause: error,
    });
  }
}

/** YAML reads JSON's strings. Plain words stay plain, for people. */
function quote(text: string): string {
  return /^[A-Za-z/][A-Za-z0-9/._-]*$/.test(text) &&
      !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** The host's name, made fit for a node's and a cluster's. */
function shortHostName(): string {
  return hostname().replace(/[^A-Za-z0-9.-]/g, "-") || "localhost";
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o640 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new ToolError("already_exists", `${path} exists already`, {
        hint: "Name another file with --output, or remove this one.",
      });
    }
    throw new ToolError("bad_parameter", `cannot write ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
