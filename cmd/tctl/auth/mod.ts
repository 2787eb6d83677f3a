/**
 * `tctl auth`: the cluster's certificate authorities.
 *
 * @module
 */

import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { exportCommand } from "./export.ts";
import { signCommand } from "./sign.ts";

/** The group of commands. */
export function authCommand(deps: Deps): Command {
  return new Command("auth")
    .description("Use the cluster's certificate authorities.")
    .addCommand(exportCommand(deps))
    .addCommand(signCommand(deps));
}
