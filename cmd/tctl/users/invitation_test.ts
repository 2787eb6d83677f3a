import assert from "node:assert/strict";
import type { AdminInvitation } from "../../../lib/admin/mod.ts";
import { formatInvitation, formatInvitationAsJson } from "./invitation.ts";

const createdAtMs = Date.UTC(2026, 10, 23, 15, 0, 0);
const invitation: AdminInvitation = {
  token: "9ecbbd11",
  kind: "invite",
  user: "alice",
  url: "https://localhost:3080/web/invite/9ecbbd11",
  createdAtMs,
  expiresAtMs: createdAtMs + 3_600_000,
};

Deno.test("formatInvitation() says what Teleport's tctl says of a new user", () => {
  assert.equal(
    formatInvitation(invitation, createdAtMs + 40),
    `User "alice" has been created but requires a password. Share this URL with the user to complete user setup, link is valid for 1h:
https://localhost:3080/web/invite/9ecbbd11

NOTE: Make sure localhost:3080 points at a Teleport proxy which users can access.
`,
  );
});

Deno.test("formatInvitation() says what Teleport's tctl says of a reset", () => {
  const reset = {
    ...invitation,
    kind: "password" as const,
    expiresAtMs: createdAtMs + 8 * 3_600_000,
  };
  assert.equal(
    formatInvitation(reset, createdAtMs),
    `User "alice" has been reset. Share this URL with the user to complete password reset, link is valid for 8h:
https://localhost:3080/web/invite/9ecbbd11

NOTE: Make sure localhost:3080 points at a Teleport proxy which users can access.
`,
  );
});

Deno.test("formatInvitation() lets no name steer the terminal", () => {
  const text = formatInvitation({ ...invitation, user: 'a"\x1b[2J' }, createdAtMs);
  assert.ok(text.startsWith('User "a\\"\\u001b[2J" has been created'), text);
});

Deno.test("formatInvitationAsJson() has the fields of Teleport's user_token", () => {
  assert.deepEqual(JSON.parse(formatInvitationAsJson(invitation)), {
    kind: "user_token",
    sub_kind: "invite",
    version: "v3",
    metadata: { name: "9ecbbd11", expires: "2026-11-23T16:00:00.000Z" },
    spec: {
      user: "alice",
      url: "https://localhost:3080/web/invite/9ecbbd11",
      created: "2026-11-23T15:00:00.000Z",
    },
  });
});
