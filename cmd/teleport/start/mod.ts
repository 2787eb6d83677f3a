import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { configOption, dataDirOption } from "../flags.ts";

/** What `teleport start` was asked. */
export interface StartOptions {
  /** Path of teleport.yaml; defaults hold without one. */
  config?: string;
  dataDir?: string;
  /** Logs everything. */
  debug: boolean;
}

/** `teleport start`. */
export function startCommand(deps: Deps): Command {
  return new Command("start")
    .description(
      "Run the cluster until it is told to stop (Ctrl-C, SIGTERM). Without a configuration it serves this machine only, at " +
        "https://localhost:3080.",
    )
    .addOption(configOption())
    .addOption(dataDirOption())
    .option("-d, --debug", "Log everything")
    .action(async (given: { config?: string; dataDir?: string; debug?: true }) => {
      const config = given.config ?? deps.env.get("TELEPORT_CONFIG_FILE");
      const { runStart } = await import("./run.ts");
      await runStart({ ...given, ...(config && { config }), debug: given.debug ?? false }, deps);
    });
}
