/**
 * `tctl`: what administrators do to a running cluster, over its RPCs, with the certificate from its data directory.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { authCommand } from "./auth/mod.ts";
import { createCommand } from "./create.ts";
import { addSharedFlags } from "./flags.ts";
import { nodesCommand } from "./nodes/mod.ts";
import { rmCommand } from "./rm.ts";
import { statusCommand } from "./status.ts";
import { tokensCommand } from "./tokens/mod.ts";
import { usersCommand } from "./users/mod.ts";
import { versionCommand } from "./version.ts";

/** The tool as commander sees it. */
export function tctl(deps: Deps): Command {
  const program = new Command("tctl")
    .description("Administer a running cluster.")
    .enablePositionalOptions()
    .helpCommand("help [command]", "Show help for a command.");
  addSharedFlags(program);
  return program
    .addCommand(usersCommand(deps))
    .addCommand(nodesCommand(deps))
    .addCommand(tokensCommand(deps))
    .addCommand(authCommand(deps))
    .addCommand(createCommand(deps))
    .addCommand(rmCommand(deps))
    .addCommand(statusCommand(deps))
    .addCommand(versionCommand(deps));
}
