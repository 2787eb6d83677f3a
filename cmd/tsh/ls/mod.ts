/**
 * `tsh ls`: what the command line says. What is done about it is in `run.ts`, loaded when it is called.
 *
 * @module
 */

import { Command, Option } from "commander";
import type { Deps, Environment } from "../../../lib/deps/mod.ts";
import { addSharedOptions, readOptions, type SharedOption } from "../../options.ts";
import { addSharedFlags, readSharedFlags, type SharedFlags } from "../flags.ts";
import { warmUpTls } from "../warm_up.ts";

/** Forms in which nodes are printed. */
export const FORMATS = ["text", "json", "yaml", "names"] as const;

/** One of them. */
export type Format = typeof FORMATS[number];

/** What `tsh ls` is asked. */
export interface LsOptions extends SharedFlags {
  /** How the nodes are printed. */
  format: Format;
  /** Also the nodes' ids, and nothing cut. */
  verbose: boolean;
  /** Words to search for, as typed. */
  search: string | undefined;
  /** Predicate, as typed; the cluster reads it. */
  query: string | undefined;
  /** Labels, as typed. */
  labels: string | undefined;
  /** Another cluster than the proxy's own. */
  cluster: string | undefined;
}

const OWN: readonly SharedOption[] = [
  {
    option: () => new Option("-c, --cluster <name>", "Teleport cluster to connect to"),
    env: "TELEPORT_CLUSTER",
  },
];

/** The command. */
export function lsCommand(deps: Deps): Command {
  const command = new Command("ls")
    .description("List remote SSH nodes.")
    .argument("[labels]", "labels that the nodes must have, for example env=prod,arch=x86_64")
    .addOption(
      new Option("-f, --format <format>", "Format output").choices(FORMATS).default("text"),
    )
    .option("-v, --verbose", "One line a node, with its UUID, and nothing cut")
    .option("--search <words>", 'Words that must all be found: foo,bar,"some phrase"')
    .option(
      "--query <predicate>",
      `Predicate in single quotes, with ==, !=, && and ||: 'labels["env"] == "prod"'`,
    )
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const options = readLsOptions(command, deps.env);
      const warm = warmUpTls();
      try {
        const { runLs } = await import("./run.ts");
        await runLs(options, deps);
      } finally {
        await warm;
      }
    });
  addSharedOptions(command, OWN);
  return addSharedFlags(command);
}

/**
 * What the command line and the environment say.
 *
 * @throws {ToolError} `usage`
 */
export function readLsOptions(command: Command, env: Environment): LsOptions {
  const values = readOptions(command, OWN, env);
  return {
    ...readSharedFlags(command, env),
    format: FORMATS.find((format) => format === values.text("format")) ?? "text",
    verbose: values.switch("verbose"),
    search: values.text("search"),
    query: values.text("query"),
    labels: command.args[0],
    cluster: values.text("cluster"),
  };
}

const EXAMPLES = `
Examples:
  Approve once with a security key elsewhere, and list all nodes:
  $ tsh ls --headless --proxy=proxy.example.com --user=alice

  Names of the production machines, for a script:
  $ tsh ls --headless --format=names env=prod

Exit status: 0 listed, 1 failed, 2 wrong command line, 3 rejected, 4 nobody approved in time,
130 Ctrl-C.
`;
