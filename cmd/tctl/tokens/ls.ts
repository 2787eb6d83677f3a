import { Command } from "commander";
import type { AdminToken } from "../../../lib/admin/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { formatTable } from "../../../lib/terminal/mod.ts";
import { formatDuration } from "../../duration.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { formatOption, toJson } from "../output.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** `tctl tokens ls`. */
export function lsCommand(deps: Deps): Command {
  const command = new Command("ls")
    .description("List the tokens that are good, by their ids: the tokens themselves are not kept.")
    .addOption(formatOption("json"))
    .action(async (options: { format: "text" | "json" }) => {
      await runWithAdmin(command, deps, (context) => runListTokens(options, context));
    });
  return addSharedFlags(command);
}

/** Prints all tokens. */
export async function runListTokens(
  { format }: { format: "text" | "json" },
  { admin, clock, terminal }: Context,
): Promise<void> {
  const tokens = await admin.listTokens();
  if (format === "json") return await terminal.stdout(toJson(tokens.map(resourceOf)));
  if (tokens.length === 0) return await terminal.stdout("No active tokens found.\n");
  const rows = tokens.map(({ id, expiresAtMs }) => {
    const expires = new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, "Z");
    return [id, "Node", `${expires} (${formatDuration(expiresAtMs - clock.now())})`];
  });
  const titles = ["Id", "Type", "Expiry Time (UTC)"].map((title) => ({ title }));
  await terminal.stdout(formatTable(titles, rows));
}

function resourceOf({ id, expiresAtMs }: AdminToken): object {
  return {
    kind: "token",
    version: "v2",
    metadata: { name: id, expires: new Date(expiresAtMs).toISOString() },
    spec: { roles: ["Node"], join_method: "token" },
  };
}
