import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { printable } from "../../lib/terminal/mod.ts";
import type { Context } from "./context.ts";
import { addSharedFlags } from "./flags.ts";
import { runWithAdmin } from "./run_with_admin.ts";

/** `tctl status`. */
export function statusCommand(deps: Deps): Command {
  const command = new Command("status")
    .description("Show the cluster: its name, version, proxy and the pin of its authority.")
    .action(async () => {
      await runWithAdmin(command, deps, runStatus);
    });
  return addSharedFlags(command);
}

/** Prints the status. */
export async function runStatus({ admin, terminal }: Context): Promise<void> {
  const { clusterName, version, proxyPublicAddr, caPins } = await admin.status();
  const lines: [string, string][] = [
    ["Cluster", clusterName],
    ["Version", version],
    ["Proxy", proxyPublicAddr],
    ...caPins.map((pin): [string, string] => ["CA pin", pin]),
  ];
  await terminal.stdout(
    lines.map(([title, value]) => `${title.padEnd(8)} ${printable(value)}\n`).join(""),
  );
}
