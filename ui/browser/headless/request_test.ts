import assert from "node:assert/strict";
import { MalformedAnswer } from "../api/fields.ts";
import { parseRequestEvent } from "./request.ts";

const EVENT = {
  id: "86172f78-af7c-5935-a7c1-ed06b94f17dc",
  user: "alice",
  clusterName: "example.com",
  clientAddress: "203.0.113.7",
  state: "approved",
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T00:03:00Z",
  endedAt: "2026-01-01T00:00:40.5Z",
  device: { id: "1", name: "blue key" },
  now: "2026-01-01T00:00:41Z",
};

Deno.test("an event becomes a request, times in milliseconds", () => {
  const { request, nowMs } = parseRequestEvent(JSON.stringify(EVENT));
  assert.equal(nowMs - request.createdAtMs, 41_000);
  assert.equal(request.expiresAtMs - request.createdAtMs, 180_000);
  assert.equal(request.endedAtMs! - request.createdAtMs, 40_500);
  assert.equal(request.deviceName, "blue key");
});

Deno.test("what only an ended request has may be absent or null", () => {
  for (const none of [undefined, null]) {
    const { request } = parseRequestEvent(
      JSON.stringify({ ...EVENT, state: "pending", endedAt: none, device: none }),
    );
    assert.equal(request.endedAtMs, undefined);
    assert.equal(request.deviceName, undefined);
  }
});

Deno.test("anything else is malformed", () => {
  for (const name of ["id", "user", "clusterName", "clientAddress", "state", "createdAt", "now"]) {
    for (const value of [undefined, 7, "", {}]) {
      // An empty string is still a string where any is good.
      if (value === "" && !["state", "createdAt", "now"].includes(name)) continue;
      const text = JSON.stringify({ ...EVENT, [name]: value });
      assert.throws(() => parseRequestEvent(text), MalformedAnswer, `${name}: ${value}`);
    }
  }
  assert.throws(() => parseRequestEvent("{"), SyntaxError);
});
