import { Command, Option } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { parseDuration } from "../../duration.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { formatOption } from "../output.ts";
import { runWithAdmin } from "../run_with_admin.ts";
import { formatInvitation, formatInvitationAsJson } from "./invitation.ts";

/** What `tctl users reset` was asked. */
export interface ResetUserOptions {
  name: string;
  ttlMs: number;
  format: "text" | "json";
}

/** `tctl users reset`. */
export function resetCommand(deps: Deps): Command {
  const command = new Command("reset")
    .description(
      "Remove a user's password and keys, end the sessions, void invitations, and print a new invitation.",
    )
    .argument("<account>", "Name of the user")
    .addOption(
      new Option("--ttl <duration>", "Time that the invitation is good for; at most 48h")
        .argParser(parseDuration).default(8 * 3_600_000, "8h"),
    )
    .addOption(formatOption("json"))
    .action(async (name, { ttl, format }: { ttl: number; format: "text" | "json" }) => {
      await runWithAdmin(
        command,
        deps,
        (context) => runResetUser({ name, ttlMs: ttl, format }, context),
      );
    });
  return addSharedFlags(command);
}

/** Resets the user. */
export async function runResetUser(
  { name, ttlMs, format }: ResetUserOptions,
  context: Context,
): Promise<void> {
  const invitation = await context.admin.invite(name, { reset: true, ttlMs });
  await context.terminal.stdout(
    format === "json"
      ? formatInvitationAsJson(invitation)
      : formatInvitation(invitation, context.clock.now()),
  );
}
