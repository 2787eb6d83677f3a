import assert from "node:assert/strict";
import { isToolError } from "../errors/mod.ts";
import { effectiveMlockMode, parseMlockMode } from "./mode.ts";

Deno.test("parseMlockMode() takes the four words and lists them for any other", () => {
  for (const word of ["off", "auto", "best_effort", "strict"]) {
    assert.equal(parseMlockMode(word, "--mlock"), word);
  }
  assert.throws(() => parseMlockMode("Strict", "TELEPORT_MLOCK_MODE"), (error) => {
    assert.ok(isToolError(error, "usage"));
    assert.equal(
      error.message,
      `TELEPORT_MLOCK_MODE has the unknown value "Strict", ` +
        `expected one of off, auto, best_effort, strict`,
    );
    return true;
  });
});

Deno.test("effectiveMlockMode() turns auto into best_effort for headless commands alone", () => {
  assert.equal(effectiveMlockMode("auto", true), "best_effort");
  assert.equal(effectiveMlockMode("auto", false), "off");
  assert.equal(effectiveMlockMode("strict", false), "strict");
  assert.equal(effectiveMlockMode("off", true), "off");
});
