import { Command } from "commander";
import type { AdminUser } from "../../../lib/admin/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { formatTable } from "../../../lib/terminal/mod.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { formatOption, toJson } from "../output.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** `tctl users ls`. */
export function lsCommand(deps: Deps): Command {
  const command = new Command("ls")
    .description("List users.")
    .addOption(formatOption("json"))
    .action(async (options: { format: "text" | "json" }) => {
      await runWithAdmin(command, deps, (context) => runListUsers(options, context));
    });
  return addSharedFlags(command);
}

/** Prints all users. */
export async function runListUsers(
  { format }: { format: "text" | "json" },
  context: Context,
): Promise<void> {
  const users = await context.admin.listUsers();
  const { terminal } = context;
  if (format === "json") return await terminal.stdout(toJson(users.map(resourceOf)));
  if (users.length === 0) return await terminal.stdout("No users found\n");
  const rows = users.map(({ name, roles }) => [name, roles.join(",")]);
  await terminal.stdout(formatTable([{ title: "User" }, { title: "Roles" }], rows));
}

function resourceOf({ name, roles, logins, createdAtMs, locked }: AdminUser): object {
  return {
    kind: "user",
    version: "v2",
    metadata: { name },
    spec: {
      roles,
      traits: { logins },
      status: { is_locked: locked },
      ...(createdAtMs !== undefined &&
        { created_by: { time: new Date(createdAtMs).toISOString() } }),
    },
  };
}
