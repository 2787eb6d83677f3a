/**
 * `teleport join`: machines become nodes of a cluster that runs elsewhere.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { opensshCommand } from "./openssh.ts";

/** The group of commands. */
export function joinCommand(deps: Deps): Command {
  return new Command("join")
    .description("Make this machine a node of a cluster.")
    .addCommand(opensshCommand(deps));
}
