/**
 * `tsh ssh`: what the command line says. What is done about it is in `run.ts`, loaded when it is called.
 *
 * @module
 */

import { Command, Option } from "commander";
import type { Deps, Environment } from "../../../lib/deps/mod.ts";
import { ExitStatus } from "../../exit_status.ts";
import { addSharedOptions, readOptions, type SharedOption } from "../../options.ts";
import { addSharedFlags, readSharedFlags, type SharedFlags } from "../flags.ts";
import type { OpenCluster } from "./login.ts";

/** What `tsh ssh` is asked. */
export interface SshOptions extends SharedFlags {
  /** `[login@]host`, as typed. */
  destination: string;
  /** The remote command; empty for a shell. */
  command: readonly string[];
  /** Flags for ssh that carry no value, in its own spelling. */
  switches: readonly string[];
  /** -L, -R and -D, in the order of the command line. */
  forwards: readonly Forward[];
  /** -A */
  forwardAgent: boolean;
  /** -o, as typed. */
  options: readonly string[];
  /** -p, as typed. */
  port: string | undefined;
  /** Another cluster than the proxy's own. */
  cluster: string | undefined;
}

/** A forwarded port. */
export interface Forward {
  flag: "-L" | "-R" | "-D";
  value: string;
}

/** The flag that chooses a cluster. */
export const CLUSTER_OPTION: SharedOption = {
  option: () => new Option("-c, --cluster <name>", "Teleport cluster to connect to"),
  env: "TELEPORT_CLUSTER",
};

/** Flags without a value that go to ssh as they are: long name → ssh's. */
const SWITCHES = {
  noPty: "-T",
  noStdin: "-n",
  noRemoteExec: "-N",
  compress: "-C",
  quiet: "-q",
  x11: "-X",
  x11Untrusted: "-x",
  verbose: "-v",
} as const;

/**
 * The command.
 *
 * @param open Signs in; another one in tests.
 */
export function sshCommand(deps: Deps, open?: OpenCluster): Command {
  let ttys = 0;
  const forwards: Forward[] = [];
  const forward = (flag: Forward["flag"]) => (value: string) => {
    forwards.push({ flag, value });
    return value;
  };
  const many = (value: string, before: string[] | undefined) => [...before ?? [], value];
  const command = new Command("ssh")
    .description("Open a shell on a node, or run a command there.")
    .argument("<[login@]host>", "name, address, UUID or labels (key=value) of the node")
    .argument("[command...]", "command to run there; everything after the host belongs to it")
    .passThroughOptions()
    .option("-t, --tty", "Ask for a terminal; twice to insist on it")
    .option("-T, --no-pty", "Ask for no terminal")
    .option("-N, --no-remote-exec", "Run nothing there, only forward ports")
    .option("-n, --no-stdin", "Do not read standard input")
    .option("-L, --forward <[bind:]port:host:port>", "Forward a local port", forward("-L"))
    .option("-R, --remote-forward <[bind:]port:host:port>", "Forward a remote port", forward("-R"))
    .option("-D, --dynamic-forward <[bind:]port>", "Be a SOCKS server there", forward("-D"))
    .option("-A, --forward-agent", "Forward your own agent (SSH_AUTH_SOCK)")
    .option("-X, --x11", "Forward X11")
    .option("-x, --x11-untrusted", "Do not forward X11")
    .option("-C, --compress", "Compress")
    .option("-q, --quiet", "No words of ssh")
    .option("-v, --verbose", "More words of ssh")
    .option("-p, --port <port>", "Port of the node's SSH server")
    .option("-o, --option <key=value>", "Option of ssh_config(5), where it is safe", many)
    .addHelpText("after", EXAMPLES)
    .on("option:tty", () => ttys++)
    .action(async () => {
      const options = readSshOptions(command, { ttys, forwards }, deps.env);
      const { runSsh } = await import("./run.ts");
      const status = await runSsh(options, deps, open);
      if (status !== 0) throw new ExitStatus(status);
    });
  addSharedOptions(command, [CLUSTER_OPTION]);
  return addSharedFlags(command);
}

/**
 * What the command line and the environment say.
 *
 * @param counted What commander cannot keep: how often -t was given, and the order of -L, -R and -D.
 * @throws {ToolError} `usage`
 */
export function readSshOptions(
  command: Command,
  counted: { ttys: number; forwards: readonly Forward[] },
  env: Environment,
): SshOptions {
  const given: Record<string, unknown> = command.opts();
  const [destination, ...rest] = command.args;
  const switches = Object.entries(SWITCHES).filter(([name]) => isGiven(given, name));
  return {
    ...readSharedFlags(command, env),
    destination: destination!,
    command: rest[0] === "--" ? rest.slice(1) : rest,
    switches: [...Array(counted.ttys).fill("-t"), ...switches.map(([, flag]) => flag)],
    forwards: counted.forwards,
    forwardAgent: given["forwardAgent"] === true,
    options: (given["option"] as string[] | undefined) ?? [],
    port: given["port"] as string | undefined,
    cluster: readOptions(command, [CLUSTER_OPTION], env).text("cluster"),
  };
}

/** Commander reads `--no-x` as the opposite of a flag x, which is true unless it is given. */
function isGiven(given: Record<string, unknown>, name: string): boolean {
  const opposite = /^no([A-Z])(.*)$/.exec(name);
  return opposite === null
    ? given[name] === true
    : given[opposite[1]!.toLowerCase() + opposite[2]!] === false;
}

const EXAMPLES = `
Examples:
  Approve once with a security key elsewhere, and get a shell:
  $ tsh ssh --headless --proxy=proxy.example.com --user=alice alice@server01

  The only production machine, a command, its output in a file:
  $ tsh ssh --headless root@env=prod,role=db uptime > uptime.txt

  In other programs:
  $ rsync -e 'tsh ssh --headless' -a site/ alice@server01:/srv/site/
  $ GIT_SSH_COMMAND='tsh ssh --headless' git clone alice@server01:project.git

Flags of tsh come before the host; what comes after it is the remote command.
-o takes what changes neither who is trusted, nor how the host is reached, nor what runs here.
-o ForwardAgent=headless forwards an agent with this login's own key, which lives a minute.

Exit status: that of the remote command; 255 when the connection failed (as ssh has it).
Before there is a connection: 1 failed, 2 wrong command line, 3 rejected, 4 nobody approved in
time. 128 + the signal's number when interrupted (130 for Ctrl-C).
`;
