import assert from "node:assert/strict";
import { INITIAL, type InviteEvent, type InviteState, step } from "./machine.ts";

const words = { said: "It failed.", next: "" };
const invited: InviteEvent = { type: "invited", user: "alice", expiresAtMs: 10_000, nowMs: 1000 };

function run(...events: InviteEvent[]): InviteState {
  return events.reduce(step, INITIAL);
}

Deno.test("an invited person registers a key and is done", () => {
  const choices = { passwordless: false, deviceName: "blue key" };
  const end = run(
    invited,
    { type: "register" },
    { type: "touch" },
    { type: "signed" },
    { type: "done", choices },
  );
  assert.deepEqual(end, { screen: "done", user: "alice", ...choices });
});

Deno.test("how to sign in can be changed only while nothing is under way", () => {
  const chosen = run(invited, { type: "choose", passwordless: true });
  assert.ok(chosen.screen === "form" && chosen.passwordless);
  const busy = step(chosen, { type: "register" });
  assert.equal(step(busy, { type: "choose", passwordless: false }), busy);
});

Deno.test("stopping and failing lead back to the form; what was chosen stays", () => {
  const touching = run(
    invited,
    { type: "choose", passwordless: true },
    { type: "register" },
    { type: "touch" },
  );
  for (const event of [{ type: "stopped" }, { type: "failed", problem: words }] as const) {
    const state = step(touching, event);
    assert.ok(state.screen === "form" && state.step === "form" && state.passwordless);
    assert.deepEqual(state.problem, event.type === "failed" ? words : undefined);
  }
});

Deno.test("an invitation that goes while it is being used ends the page, unless it was used here", () => {
  assert.equal(run(invited, { type: "register" }, { type: "gone" }).screen, "gone");
  const choices = { passwordless: false, deviceName: "k" };
  assert.equal(run(invited, { type: "done", choices }, { type: "gone" }).screen, "done");
});

Deno.test("a cluster that cannot be asked can be asked again", () => {
  const refused = run({ type: "refused", problem: words });
  assert.equal(refused.screen, "refused");
  assert.deepEqual(step(refused, { type: "retry" }), INITIAL);
});
