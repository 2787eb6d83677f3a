import assert from "node:assert/strict";
import type { Answered } from "./machine.ts";
import { type OutcomeWords, outcomeWords } from "./outcome_view.ts";
import type { HeadlessRequest } from "./request.ts";

function words(
  state: HeadlessRequest["state"],
  options: { by?: Answered["by"]; deviceName?: string; endedAtMs?: number } = {},
): OutcomeWords & { text: string } {
  const { by = "before", deviceName, endedAtMs = 5 } = options;
  const request: HeadlessRequest = {
    id: "i",
    user: "alice",
    clusterName: "c",
    clientAddress: "a",
    state,
    createdAtMs: 0,
    expiresAtMs: 10,
    endedAtMs,
    deviceName,
  };
  const outcome = outcomeWords({ request, by }, (ms) => `time ${ms}`);
  return { ...outcome, text: outcome.body.join(" ") };
}

Deno.test("the two answers given here are told in Teleport's words", () => {
  const approved = words("approved", { by: "here" });
  assert.equal(approved.title, "Command has been approved");
  assert.match(approved.text, /^You can now return to your terminal\./);
  assert.equal(words("denied", { by: "here" }).title, "Request has been rejected");
});

Deno.test("an answer from elsewhere says when and with which key", () => {
  const approved = words("approved", { deviceName: "blue key", by: "elsewhere" });
  assert.equal(approved.title, "Already approved");
  assert.match(approved.text, /approved at time 5 with your key “blue key”, in another window/);
  assert.match(words("denied", { by: "elsewhere" }).text, /rejected at time 5, in another window/);
  const before = words("approved", { deviceName: "blue key" });
  assert.match(before.text, /with your key “blue key”\. The command goes on/);
});

Deno.test("every outcome without an approval says what to do next", () => {
  for (const state of ["denied", "withdrawn", "expired"] as const) {
    for (const by of ["here", "elsewhere", "before"] as const) {
      assert.match(words(state, { by }).text, /run (it|the command) again/, `${state} ${by}`);
    }
  }
  for (const state of ["withdrawn", "expired"] as const) {
    assert.match(words(state).text, /Nothing was approved/);
    assert.match(words(state).text, /contact your administrator/);
  }
});

Deno.test("a time that is not known is not made up", () => {
  for (const state of ["approved", "denied", "withdrawn", "expired"] as const) {
    const request = { ...words(state), endedAtMs: undefined };
    assert.ok(request.title);
    const { body } = outcomeWords(
      {
        by: "elsewhere",
        request: {
          id: "i",
          user: "u",
          clusterName: "c",
          clientAddress: "a",
          state,
          createdAtMs: 0,
          expiresAtMs: 10,
        },
      },
      () => "WHEN",
    );
    assert.doesNotMatch(body.join(" "), /WHEN|undefined| at [,.]/);
  }
});
