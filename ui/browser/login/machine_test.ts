import assert from "node:assert/strict";
import { initial, type LoginEvent, type LoginState, step, waitMs } from "./machine.ts";

const words = { said: "It failed.", next: "" };

function run(...events: LoginEvent[]): LoginState {
  return events.reduce(step, initial(1000));
}

Deno.test("signing in goes from the form over the key to done", () => {
  const events: LoginEvent[] = [
    { type: "begin", method: "password" },
    { type: "touch" },
    { type: "signed" },
    { type: "done" },
  ];
  const steps = events.map((_, index) => run(...events.slice(0, index + 1)).step);
  assert.deepEqual(steps, ["preparing", "touching", "sending", "done"]);
});

Deno.test("a key picked from the name's suggestions signs straight from the form", () => {
  assert.equal(run({ type: "signed" }).step, "sending");
});

Deno.test("stopping leads back to the form, without a problem", () => {
  const state = run({ type: "begin", method: "password" }, { type: "touch" }, { type: "stopped" });
  assert.equal(state.step, "form");
  assert.equal(state.problem, undefined);
});

Deno.test("an answer that is on its way cannot be stopped", () => {
  const state = run(
    { type: "begin", method: "password" },
    { type: "touch" },
    { type: "signed" },
    { type: "stopped" },
  );
  assert.equal(state.step, "sending");
});

Deno.test("a failure is told until the next try begins", () => {
  const failed = run(
    { type: "begin", method: "password" },
    { type: "failed", problem: words, nowMs: 2000 },
  );
  assert.deepEqual([failed.step, failed.problem], ["form", words]);
  assert.equal(step(failed, { type: "begin", method: "passwordless" }).problem, undefined);
});

Deno.test("after too many tries nothing begins until the wait is over, and then the problem goes", () => {
  const failed = run(
    { type: "begin", method: "password" },
    { type: "failed", problem: words, retryAfterMs: 5000, nowMs: 2000 },
  );
  assert.equal(waitMs(failed), 5000);
  assert.equal(step(failed, { type: "begin", method: "password" }), failed);
  const later = step(failed, { type: "tick", nowMs: 6000 });
  assert.deepEqual([waitMs(later), later.problem], [1000, words]);
  const over = step(later, { type: "tick", nowMs: 7000 });
  assert.deepEqual([waitMs(over), over.problem], [0, undefined]);
  assert.equal(step(over, { type: "begin", method: "password" }).step, "preparing");
});

Deno.test("a clock that ticks without a wait redraws nothing", () => {
  const state = initial(1000);
  assert.equal(step(state, { type: "tick", nowMs: 2000 }), state);
});
