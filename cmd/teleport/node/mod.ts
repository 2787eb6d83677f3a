/**
 * `teleport node`: a machine that has joined.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { refreshCommand } from "./refresh.ts";

/** The group of commands. */
export function nodeCommand(deps: Deps): Command {
  return new Command("node")
    .description("Keep a machine that has joined with its own sshd a node.")
    .addCommand(refreshCommand(deps));
}
