/**
 * `tctl nodes`: machines behind the proxy.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { lsCommand } from "./ls.ts";

/** The group of commands. */
export function nodesCommand(deps: Deps): Command {
  return new Command("nodes").description("Manage SSH nodes.").addCommand(lsCommand(deps));
}
