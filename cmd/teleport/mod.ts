/**
 * `teleport`: the cluster, and machines that join it.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { configureCommand } from "./configure.ts";
import { joinCommand } from "./join/mod.ts";
import { nodeCommand } from "./node/mod.ts";
import { startCommand } from "./start/mod.ts";
import { versionCommand } from "./version.ts";

/** The tool as commander sees it. What a command needs to run is loaded when it is called. */
export function teleport(deps: Deps): Command {
  return new Command("teleport")
    .description("Run a cluster (auth service and proxy in one process, on one port), or join one.")
    .enablePositionalOptions()
    .helpCommand("help [command]", "Show help for a command.")
    .addCommand(startCommand(deps))
    .addCommand(configureCommand(deps))
    .addCommand(joinCommand(deps))
    .addCommand(nodeCommand(deps))
    .addCommand(versionCommand(deps));
}
