import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_deps.ts";
import { Deadlines } from "./deadlines.ts";

const tick = () => new Promise((resolve) => setTimeout(resolve, 150));

Deno.test("deadlines run when the clock has passed them, in order", async () => {
  const clock = new FakeClock();
  using deadlines = new Deadlines(clock);
  const ran: string[] = [];
  deadlines.set(1000, () => ran.push("a"));
  clock.advance(10);
  deadlines.set(1000, () => ran.push("b"));
  deadlines.set(5000, () => ran.push("c"));
  await tick();
  assert.deepEqual(ran, []);
  clock.advance(995);
  await tick();
  assert.deepEqual(ran, ["a"]);
  clock.advance(10);
  await tick();
  assert.deepEqual(ran, ["a", "b"]);
});

Deno.test("a cancelled deadline does not run, and the timer stops with the last one", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  let ran = 0;
  const deadline = deadlines.set(10, () => ran++);
  deadline.cancel();
  deadline.cancel();
  clock.advance(100);
  await tick();
  assert.equal(ran, 0);
  // The sanitizers would find the timer, had it been left.
});

Deno.test("sleep() ends with its time, with its signal, and with the deadlines", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const aborted = AbortSignal.abort();
  await deadlines.sleep(1e6, aborted);
  const controller = new AbortController();
  const asleep = deadlines.sleep(1e6, controller.signal);
  controller.abort();
  await asleep;
  const last = deadlines.sleep(1e6);
  deadlines[Symbol.dispose]();
  await last;
});
