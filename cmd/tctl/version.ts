import { Command, Option } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { versionInfo, versionLine } from "../version.ts";
import { addSharedFlags } from "./flags.ts";
import { toJson } from "./output.ts";

/** `tctl version`. */
export function versionCommand(deps: Pick<Deps, "terminal">): Command {
  const command = new Command("version")
    .description("Print the version of tctl.")
    .addOption(
      new Option("--format <format>", "Format output").choices(["text", "json"]).default("text"),
    )
    .action(async ({ format }: { format: string }) => {
      await deps.terminal.stdout(format === "json" ? toJson(versionInfo()) : versionLine());
    });
  return addSharedFlags(command);
}
