import { Command, Option } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { versionInfo, versionLine } from "../version.ts";
import { addSharedFlags, refuseHeadless } from "./flags.ts";

/** `tsh version`: the version of this program. */
export function versionCommand(deps: Pick<Deps, "env" | "terminal">): Command {
  const command = new Command("version")
    .description("Print the version of tsh.")
    .addOption(
      new Option("-f, --format <format>", "Format output").choices(["text", "json", "yaml"])
        .default("text"),
    )
    .option("--client", "Show the version of tsh only, without asking a proxy (always so)")
    .action(async (options: { format: string }) => {
      refuseHeadless(command, deps.env);
      await deps.terminal.stdout(await formatVersion(options.format));
    });
  return addSharedFlags(command);
}

async function formatVersion(format: string): Promise<string> {
  const info = versionInfo();
  switch (format) {
    case "json":
      return JSON.stringify(info, null, 2) + "\n";
    case "yaml":
      return (await import("yaml")).stringify(info, { sortMapEntries: true });
    default:
      return versionLine(info);
  }
}
