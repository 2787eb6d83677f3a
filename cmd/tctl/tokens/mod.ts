/**
 * `tctl tokens`: with what machines join.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { addCommand } from "./add.ts";
import { lsCommand } from "./ls.ts";
import { rmCommand } from "./rm.ts";

/** The group of commands. */
export function tokensCommand(deps: Deps): Command {
  return new Command("tokens")
    .description("Manage the tokens with which machines join.")
    .addCommand(addCommand(deps))
    .addCommand(lsCommand(deps))
    .addCommand(rmCommand(deps));
}
