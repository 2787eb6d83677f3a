import { Command } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { collectWords } from "../lists.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** `tctl users rm`. */
export function rmCommand(deps: Deps): Command {
  const command = new Command("rm")
    .alias("del")
    .description("Delete users, their keys and sessions.")
    .argument("<accounts>", "Names of users, between commas")
    .action(async (accounts: string) => {
      const names = collectWords(accounts, undefined);
      if (names.length === 0) command.error("error: expected at least one name");
      await runWithAdmin(command, deps, (context) => runRemoveUsers(names, context));
    });
  return addSharedFlags(command);
}

/** Deletes the users one by one, and says so of each. */
export async function runRemoveUsers(names: readonly string[], context: Context): Promise<void> {
  for (const name of names) {
    await context.admin.deleteUser(name);
    await context.terminal.stdout(`User ${printable(JSON.stringify(name))} has been deleted\n`);
  }
}
