import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import type { Joined, JoinOptions } from "../../../lib/node/mod.ts";
import { splitHostPort } from "../../../lib/resources/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";
import { readText } from "../../config_file.ts";
import { defaultDataDir } from "../../data_dir.ts";
import { VERSION } from "../../version.ts";
import { dataDirOption } from "../flags.ts";

/** Directory of a machine's own sshd as a node, in the data directory. */
export const OPENSSH_DIRECTORY = "openssh";

/** The command line as commander gives it. */
interface Given {
  proxyServer: string;
  token: string;
  caPin?: string[];
  insecure?: true;
  nodeName?: string;
  labels?: Record<string, string>;
  address?: string;
  additionalPrincipals?: string[];
  opensshConfig: string;
  sshdRestartCommand?: string;
  restartSshd: boolean;
  dataDir?: string;
}

/** `teleport join openssh`. */
export function opensshCommand(deps: Deps): Command {
  return new Command("openssh")
    .description(
      "Let this machine's own sshd take the cluster's certificates, as the cluster's rules say.",
    )
    .requiredOption("--proxy-server <address>", "The cluster's proxy: host or host:port")
    .requiredOption(
      "--token <token>",
      "Token of tctl tokens add, or the path of a file that holds one",
    )
    .addOption(
      new Option("--ca-pin <pin>", "Pin of the cluster's authority; may be repeated")
        .argParser((pin: string, before: string[] | undefined) => [...before ?? [], parsePin(pin)]),
    )
    .option("--insecure", "Believe whoever answers at the proxy's address")
    .option("--node-name <name>", "What people call this machine; its host name when absent")
    .addOption(
      new Option("--labels <labels>", "Labels: key1=value1,key2=value2").argParser(parseLabels),
    )
    .option("--address <address>", "Where the proxy reaches this machine, host or host:port")
    .addOption(
      new Option("--additional-principals <names>", "Further names of this machine")
        .argParser((names: string) => names.split(",").filter((name) => name !== "")),
    )
    .option("--openssh-config <file>", "sshd's configuration", "/etc/ssh/sshd_config")
    .option("--sshd-restart-command <command>", "Makes sshd read its configuration again")
    .option("--no-restart-sshd", "Leave it to a person to let sshd read its configuration again")
    .addOption(dataDirOption())
    .action(async (given: Given) => {
      const options = await readOptions(given, deps);
      const { joinOpenssh } = await import("../../../lib/node/mod.ts");
      await deps.terminal.stdout(formatJoined(await joinOpenssh(options, deps), options));
    });
}

/** What the command line asks for. */
async function readOptions(
  given: Given,
  deps: Pick<Deps, "env" | "process">,
): Promise<JoinOptions> {
  const proxy = splitHostPort(given.proxyServer, 443);
  if (proxy === undefined || proxy.host === "") {
    throw new ToolError(
      "usage",
      `--proxy-server has the value "${given.proxyServer}", expected host or host:port`,
    );
  }
  if (given.insecure && given.caPin !== undefined) {
    throw new ToolError("usage", "--insecure and --ca-pin contradict each other");
  }
  const token = given.token.startsWith("/") ? (await readText(given.token)).trim() : given.token;
  const dataDir = resolve(given.dataDir ?? defaultDataDir(deps));
  return {
    proxy,
    token,
    trust: { caPins: given.caPin ?? [], insecure: given.insecure ?? false },
    nodeName: given.nodeName ?? hostname(),
    labels: given.labels ?? {},
    ...(given.address !== undefined && { address: given.address }),
    additionalPrincipals: given.additionalPrincipals ?? [],
    opensshConfig: resolve(given.opensshConfig),
    ...(given.sshdRestartCommand !== undefined && { restartCommand: given.sshdRestartCommand }),
    restarts: given.restartSshd,
    directory: join(dataDir, OPENSSH_DIRECTORY),
    version: VERSION,
  };
}

function formatJoined({ node, dropIn }: Joined, { directory, restarts }: JoinOptions): string {
  const told = restarts ? "sshd has read it" : "let sshd read it: it was not told to";
  const dataDir = directory.slice(0, -`/${OPENSSH_DIRECTORY}`.length);
  return printable(
    `${node.nodeName} has joined cluster ${node.clusterName}, and is listed at ${node.address}.
sshd's configuration is extended by ${dropIn}; ${told}.

This machine has to hear from the cluster at least once an hour, or it lets nobody in with the cluster's certificates. Run
this every five minutes as root, from cron or a systemd timer, or once with --every=5m as a service:

  teleport node refresh --data-dir=${dataDir}
`,
    { lines: true },
  );
}

function parsePin(text: string): string {
  if (/^sha256:[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("Expected sha256: and 64 hexadecimal digits.");
}

function parseLabels(text: string): Record<string, string> {
  const entries = text.split(",").filter((pair) => pair.trim() !== "").map((pair) => {
    const [, key, value] = /^\s*([a-zA-Z0-9/._*:-]+)=(.*)$/.exec(pair) ?? [];
    if (key === undefined) {
      throw new InvalidArgumentError("Expected labels like env=prod,arch=x86_64.");
    }
    return [key, value!.trim()] as const;
  });
  return Object.fromEntries(entries);
}
