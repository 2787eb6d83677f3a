import assert from "node:assert/strict";
import { isStopped } from "./suspend.ts";

Deno.test("isStopped() reads the state behind the name, whatever the name holds", () => {
  assert.ok(isStopped("12 (ssh) T 1 12"));
  assert.ok(!isStopped("12 (ssh) S 1 12"));
  assert.ok(!isStopped("12 (x) T y) R 1 12"));
});
