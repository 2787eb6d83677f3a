import assert from "node:assert/strict";
import { INITIAL, step } from "./machine.ts";

const words = { said: "It failed.", next: "" };
const home = step(INITIAL, { type: "signed_in", user: "alice", expiresAtMs: 9, nowMs: 1 });

Deno.test("a sign-out that fails says so and can be tried again", () => {
  const leaving = step(home, { type: "sign_out" });
  assert.ok(leaving.screen === "home" && leaving.signingOut);
  assert.equal(step(leaving, { type: "sign_out" }), leaving);
  const failed = step(leaving, { type: "failed", problem: words });
  assert.ok(failed.screen === "home" && !failed.signingOut);
  assert.deepEqual(failed.problem, words);
});

Deno.test("a cluster that cannot be asked can be asked again", () => {
  const refused = step(INITIAL, { type: "failed", problem: words });
  assert.deepEqual(refused, { screen: "refused", problem: words });
  assert.equal(step(refused, { type: "retry" }), INITIAL);
});
