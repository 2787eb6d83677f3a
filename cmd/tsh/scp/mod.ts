/**
 * `tsh scp`: what the command line says. What is done about it is in `run.ts`, loaded when it is called.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps, Environment } from "../../../lib/deps/mod.ts";
import { ExitStatus } from "../../exit_status.ts";
import { addSharedOptions, readOptions } from "../../options.ts";
import { addSharedFlags, readSharedFlags, type SharedFlags } from "../flags.ts";
import { CLUSTER_OPTION } from "../ssh/mod.ts";
import type { OpenCluster } from "../ssh/login.ts";

/** What `tsh scp` is asked. */
export interface ScpOptions extends SharedFlags {
  /** Places as typed, the last one being where to. */
  places: readonly string[];
  recursive: boolean;
  preserve: boolean;
  quiet: boolean;
  compress: boolean;
  /** -o, as typed. */
  options: readonly string[];
  /** -P, as typed. */
  port: string | undefined;
  /** Another cluster than the proxy's own. */
  cluster: string | undefined;
}

/**
 * The command.
 *
 * @param open Signs in; another one in tests.
 */
export function scpCommand(deps: Deps, open?: OpenCluster): Command {
  const many = (value: string, before: string[] | undefined) => [...before ?? [], value];
  const command = new Command("scp")
    .description("Copy files to, from and between nodes.")
    .argument("<from...>", "what to copy: a local path, or [login@]host:path; then where to")
    .option("-r, --recursive", "Copy directories")
    .option("-p, --preserve", "Keep times and modes")
    .option("-q, --quiet", "No progress bar")
    .option("-C, --compress", "Compress")
    .option("-P, --port <port>", "Port of the nodes' SSH servers")
    .option("-o, --option <key=value>", "Option of ssh_config(5), where it is safe", many)
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const options = readScpOptions(command, deps.env);
      const { runScp } = await import("./run.ts");
      const status = await runScp(options, deps, open);
      if (status !== 0) throw new ExitStatus(status);
    });
  addSharedOptions(command, [CLUSTER_OPTION]);
  return addSharedFlags(command);
}

/**
 * What the command line and the environment say.
 *
 * @throws {ToolError} `usage`
 */
export function readScpOptions(command: Command, env: Environment): ScpOptions {
  const given: Record<string, unknown> = command.opts();
  return {
    ...readSharedFlags(command, env),
    places: command.args,
    recursive: given["recursive"] === true,
    preserve: given["preserve"] === true,
    quiet: given["quiet"] === true,
    compress: given["compress"] === true,
    options: (given["option"] as string[] | undefined) ?? [],
    port: given["port"] as string | undefined,
    cluster: readOptions(command, [CLUSTER_OPTION], env).text("cluster"),
  };
}

const EXAMPLES = `
Examples:
  $ tsh scp --headless --proxy=proxy.example.com --user=alice report.pdf alice@server01:
  $ tsh scp --headless -r alice@server01:/var/log/app ./logs
  $ tsh scp --headless alice@server01:backup.tar alice@server02:/srv/

A copy between nodes goes through this machine, with one approval. Remote names may hold wildcards
(*, ?, [abc]); put a backslash before such a character that is meant as it is. A local name with a
colon is written with its folder: ./a:b.

Exit status: 0 all is copied; 1 something is not, or failed before; 255 a connection failed;
2 wrong command line, 3 rejected, 4 nobody approved in time. 128 + the signal's number when
interrupted (130 for Ctrl-C).
`;
