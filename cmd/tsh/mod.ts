/**
 * `tsh`: the client.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { addSharedFlags } from "./flags.ts";
import { lsCommand } from "./ls/mod.ts";
import { commandsNotHere } from "./not_here.ts";
import { scpCommand } from "./scp/mod.ts";
import { sshCommand } from "./ssh/mod.ts";
import { versionCommand } from "./version.ts";

/** The tool as commander sees it. What a command needs to run is loaded when it is called. */
export function tsh(deps: Deps): Command {
  const program = new Command("tsh")
    .description("Reach the machines of a Teleport cluster, with a security key that is elsewhere.")
    .enablePositionalOptions()
    .helpCommand("help [command]", "Show help for a command.");
  addSharedFlags(program);
  program.addCommand(lsCommand(deps));
  program.addCommand(scpCommand(deps));
  program.addCommand(sshCommand(deps));
  program.addCommand(versionCommand(deps));
  for (const command of commandsNotHere(deps)) program.addCommand(command, { hidden: true });
  return program;
}
