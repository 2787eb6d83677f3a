import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** `tctl tokens rm`. */
export function rmCommand(deps: Deps): Command {
  const command = new Command("rm")
    .alias("del")
    .description("Revoke a token. Machines that have joined with it stay.")
    .argument("<token>", "The token, or its id")
    .action(async (token: string) => {
      await runWithAdmin(command, deps, (context) => runRemoveToken(token, context));
    });
  return addSharedFlags(command);
}

/** Removes the token. It is not repeated: what was typed may be the secret itself. */
export async function runRemoveToken(token: string, { admin, terminal }: Context): Promise<void> {
  await admin.deleteToken(token);
  await terminal.stdout("Token has been deleted\n");
}
