import assert from "node:assert/strict";
import { parseDestination } from "../../../lib/ssh/mod.ts";
import { hostToken } from "./names.ts";

Deno.test("labels stand for a name on ssh's command line that no other host of the copy has", () => {
  const token = (typed: string, ...taken: string[]) =>
    hostToken(parseDestination(typed), new Set(taken));
  assert.equal(token("Web01", "env=prod", "web01"), "Web01");
  assert.equal(token("env=prod"), "node");
  assert.equal(token("env=prod", "node"), "node2");
  assert.equal(token("env=prod", "node2"), "node");
  assert.equal(token("[2001:db8::1]:22", "node", "node2"), "node3");
});
