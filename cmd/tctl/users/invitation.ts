import type { AdminInvitation } from "../../../lib/admin/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";
import { formatDuration } from "../../duration.ts";
import { toJson } from "../output.ts";

/** What `users add` and `users reset` print, in the words of Teleport's tctl. */
export function formatInvitation(invitation: AdminInvitation, nowMs: number): string {
  const ttl = formatDuration(invitation.expiresAtMs - nowMs);
  const user = printable(JSON.stringify(invitation.user));
  const told = invitation.kind === "password"
    ? `User ${user} has been reset. Share this URL with the user to complete password reset, link is valid for ${ttl}:`
    : `User ${user} has been created but requires a password. ` +
      `Share this URL with the user to complete user setup, link is valid for ${ttl}:`;
  const { host } = new URL(invitation.url);
  return `${told}\n${printable(invitation.url)}\n\n` +
    `NOTE: Make sure ${host} points at a Teleport proxy which users can access.\n`;
}

/** The same as a resource. */
export function formatInvitationAsJson(invitation: AdminInvitation): string {
  return toJson({
    kind: "user_token",
    sub_kind: invitation.kind,
    version: "v3",
    metadata: { name: invitation.token, expires: new Date(invitation.expiresAtMs).toISOString() },
    spec: {
      user: invitation.user,
      url: invitation.url,
      created: new Date(invitation.createdAtMs).toISOString(),
    },
  });
}
