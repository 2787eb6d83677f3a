import { Command, Option } from "commander";
import type { AdminInvitation } from "../../../lib/admin/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { parseDuration } from "../../duration.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { collectWords } from "../lists.ts";
import { formatOption } from "../output.ts";
import { runWithAdmin } from "../run_with_admin.ts";
import { formatInvitation, formatInvitationAsJson } from "./invitation.ts";

/** What `tctl users add` was asked. */
export interface AddUserOptions {
  /** The new user's name. */
  name: string;
  roles: string[];
  logins: string[];
  /** Life of the invitation. */
  ttlMs: number;
  format: "text" | "json";
}

/** `tctl users add`. */
export function addCommand(deps: Deps): Command {
  const command = new Command("add")
    .description(
      "Create a user and print an invitation, with which the person sets a password and registers a key.",
    )
    .argument("<account>", "Name of the new user")
    .addOption(
      new Option("--roles <roles>", "Roles of the new user, between commas").argParser(collectWords)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--logins <logins>", "Operating system logins of the new user, between commas")
        .argParser(collectWords).default([], "none"),
    )
    .addOption(
      new Option("--ttl <duration>", "Time that the invitation is good for; at most 48h")
        .argParser(parseDuration).default(3_600_000, "1h"),
    )
    .addOption(formatOption("json"))
    .action(
      async (
        name,
        options: { roles: string[]; logins: string[]; ttl: number; format: "text" | "json" },
      ) => {
        const { roles, logins, ttl, format } = options;
        await runWithAdmin(
          command,
          deps,
          (context) => runAddUser({ name, roles, logins, ttlMs: ttl, format }, context),
        );
      },
    );
  return addSharedFlags(command);
}

/** Creates the user, then the invitation; without an invitation there is no user either. */
export async function runAddUser(options: AddUserOptions, context: Context): Promise<void> {
  const { name, roles, logins, ttlMs } = options;
  await context.admin.createUser({ name, roles, logins });
  let invitation: AdminInvitation;
  try {
    invitation = await context.admin.invite(name, { reset: false, ttlMs });
  } catch (error) {
    await context.admin.deleteUser(name);
    throw error;
  }
  await context.terminal.stdout(
    options.format === "json"
      ? formatInvitationAsJson(invitation)
      : formatInvitation(invitation, context.clock.now()),
  );
}
