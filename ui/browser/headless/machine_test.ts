import assert from "node:assert/strict";
import fc from "fast-check";
import { type HeadlessEvent, type HeadlessState, INITIAL, step } from "./machine.ts";
import { type HeadlessRequest, STATES } from "./request.ts";

const NOW = Date.UTC(2026, 0, 1);
const words = { said: "It failed.", next: "Try again." };

function request(state: HeadlessRequest["state"] = "pending"): HeadlessRequest {
  return {
    id: "86172f78-af7c-5935-a7c1-ed06b94f17dc",
    user: "alice",
    clusterName: "example.com",
    clientAddress: "203.0.113.7",
    state,
    createdAtMs: NOW - 10_000,
    expiresAtMs: NOW + 170_000,
  };
}

function news(state: HeadlessRequest["state"] = "pending", nowMs = NOW): HeadlessEvent {
  return { type: "request", request: request(state), nowMs };
}

function run(...events: HeadlessEvent[]): HeadlessState {
  return events.reduce(step, INITIAL);
}

const TO_SENDING: HeadlessEvent[] = [
  news(),
  { type: "approve" },
  { type: "touch" },
  { type: "signed" },
];

Deno.test("a request that comes pending waits for an answer, and nothing is under way", () => {
  const state = run(news());
  assert.equal(state.screen, "pending");
  assert.equal(state.screen === "pending" && state.action, "none");
});

Deno.test("approving goes through preparing, touching and sending to approved", () => {
  const actions = TO_SENDING.map((_, index) => run(...TO_SENDING.slice(0, index + 1)))
    .map((state) => state.screen === "pending" && state.action);
  assert.deepEqual(actions, ["none", "preparing", "touching", "sending"]);
  const end = run(...TO_SENDING, { type: "done", outcome: "approved" });
  assert.ok(end.screen === "answered" && end.by === "here" && end.request.state === "approved");
});

Deno.test("news of the answer that overtakes the reply still counts as given here", () => {
  const approved = run(...TO_SENDING, news("approved"));
  assert.ok(approved.screen === "answered" && approved.by === "here");
  const denied = run(news(), { type: "reject" }, news("denied"));
  assert.ok(denied.screen === "answered" && denied.by === "here");
});

Deno.test("an answer from elsewhere ends every action and is not this page's", () => {
  for (let length = 1; length < TO_SENDING.length; length++) {
    const end = run(...TO_SENDING.slice(0, length), news("approved"));
    assert.ok(end.screen === "answered" && end.by === "elsewhere");
  }
  const end = run(...TO_SENDING, news("denied"));
  assert.ok(end.screen === "answered" && end.by === "elsewhere" && end.request.state === "denied");
});

Deno.test("a request that had ended before the page looked is told apart", () => {
  const end = run(news("approved"));
  assert.ok(end.screen === "answered" && end.by === "before");
});

Deno.test("a request can be rejected while the key is awaited, but not once the answer is sent", () => {
  const touching = run(...TO_SENDING.slice(0, 3), { type: "reject" });
  assert.equal(touching.screen === "pending" && touching.action, "rejecting");
  const sending = run(...TO_SENDING, { type: "reject" });
  assert.equal(sending.screen === "pending" && sending.action, "sending");
});

Deno.test("stopping and failing lead back to the choice, failing with its words", () => {
  const stopped = run(...TO_SENDING.slice(0, 3), { type: "stopped" });
  assert.ok(stopped.screen === "pending" && stopped.action === "none" && !stopped.problem);
  const failed = run(...TO_SENDING, { type: "failed", problem: words });
  assert.ok(failed.screen === "pending" && failed.action === "none");
  assert.deepEqual(failed.problem, words);
  const again = step(failed, { type: "approve" });
  assert.ok(again.screen === "pending" && again.problem === undefined);
});

Deno.test("a second press while one is under way changes nothing", () => {
  const state = run(...TO_SENDING.slice(0, 2));
  assert.equal(step(state, { type: "approve" }), state);
});

Deno.test("a lost connection is shown until the next news, and keeps the action", () => {
  const lost = run(...TO_SENDING.slice(0, 3), { type: "lost" });
  assert.ok(lost.screen === "pending" && lost.connection === "lost");
  const back = step(lost, news());
  assert.ok(back.screen === "pending" && back.connection === "live");
  assert.equal(back.screen === "pending" && back.action, "touching");
});

Deno.test("a request whose time is over by the server's clock expires without the server's word", () => {
  const late = run(news(), { type: "tick", nowMs: NOW + 171_000 });
  assert.equal(late.screen, "pending", "not before the grace is over");
  const end = step(late, { type: "tick", nowMs: NOW + 172_000 });
  assert.ok(end.screen === "answered" && end.request.state === "expired");
});

Deno.test("an unknown request ends the page, but never takes an outcome back", () => {
  assert.equal(run({ type: "not_found" }).screen, "not_found");
  assert.equal(run(news(), { type: "not_found" }).screen, "not_found");
  assert.equal(run(news("approved"), { type: "not_found" }).screen, "answered");
});

Deno.test("too many looks are told before the request is seen, and can be tried again", () => {
  const refused = run({ type: "refused", problem: words });
  assert.equal(refused.screen, "refused");
  assert.deepEqual(step(refused, { type: "retry" }), INITIAL);
  assert.equal(run(news(), { type: "refused", problem: words }).screen, "pending");
});

const anyEvent: fc.Arbitrary<HeadlessEvent> = fc.oneof(
  fc.record({
    type: fc.constant("request" as const),
    request: fc.constantFrom(...STATES).map(request),
    nowMs: fc.integer({ min: NOW, max: NOW + 400_000 }),
  }),
  fc.record({
    type: fc.constant("tick" as const),
    nowMs: fc.integer({ min: NOW, max: NOW + 400_000 }),
  }),
  fc.constantFrom<HeadlessEvent>(
    { type: "lost" },
    { type: "not_found" },
    { type: "refused", problem: words },
    { type: "retry" },
    { type: "approve" },
    { type: "touch" },
    { type: "signed" },
    { type: "reject" },
    { type: "stopped" },
    { type: "failed", problem: words },
    { type: "done", outcome: "approved" },
    { type: "done", outcome: "denied" },
  ),
);

Deno.test("in whatever order things happen: an outcome stays, and nothing is sent unsigned", () => {
  fc.assert(fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
    let state: HeadlessState = INITIAL;
    for (const event of events) {
      const next = step(state, event);
      if (state.screen === "answered") assert.equal(next.screen, "answered");
      if (next.screen === "pending" && next.action === "sending" && next !== state) {
        const before = state.screen === "pending" ? state.action : undefined;
        assert.ok(before === "touching" || before === "sending");
      }
      if (next.screen === "answered") assert.notEqual(next.request.state, "pending");
      state = next;
    }
  }));
});
