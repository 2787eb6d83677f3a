import { Command, Option } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { versionInfo, versionLine } from "../version.ts";

/** `teleport version`. */
export function versionCommand(deps: Pick<Deps, "terminal">): Command {
  return new Command("version")
    .description("Print the version of teleport.")
    .addOption(
      new Option("--format <format>", "Format output").choices(["text", "json"]).default("text"),
    )
    .action(async ({ format }: { format: string }) => {
      await deps.terminal.stdout(
        format === "json" ? JSON.stringify(versionInfo(), null, 2) + "\n" : versionLine(),
      );
    });
}
