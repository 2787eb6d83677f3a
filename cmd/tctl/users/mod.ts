/**
 * `tctl users`: who may sign in.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { addCommand } from "./add.ts";
import { lsCommand } from "./ls.ts";
import { resetCommand } from "./reset.ts";
import { rmCommand } from "./rm.ts";

/** The group of commands. */
export function usersCommand(deps: Deps): Command {
  return new Command("users")
    .description("Manage users.")
    .addCommand(addCommand(deps))
    .addCommand(lsCommand(deps))
    .addCommand(resetCommand(deps))
    .addCommand(rmCommand(deps));
}
