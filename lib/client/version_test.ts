import assert from "node:assert/strict";
import {
  clientTooOldWarning,
  COMPATIBLE_VERSION,
  isOlder,
  requireHeadlessVersion,
} from "./version.ts";

Deno.test("isOlder() compares as semver does", () => {
  for (
    const [a, b] of [
      ["12.1.5", "12.2.0"],
      ["9.0.0", "10.0.0"],
      ["14.0.0-dev", "14.0.0"],
      ["v1.2.3", "1.2.4"],
      ["1.2.3+build", "1.3.0"],
    ] as const
  ) {
    assert.ok(isOlder(a, b), `${a} < ${b}`);
    assert.ok(!isOlder(b, a), `${b} >= ${a}`);
  }
  assert.ok(!isOlder("14.0.0", "14.0.0"));
  assert.ok(!isOlder("14.0.0-alpha", "14.0.0-beta"));
});

Deno.test("isOlder() refuses nothing that it cannot read", () => {
  for (const text of ["", "fourteen", "14", "14.0", "14.0.0.0"]) {
    assert.ok(!isOlder(text, "12.2.0"));
    assert.ok(!isOlder("12.2.0", text));
  }
});

Deno.test("requireHeadlessVersion() refuses clusters from before headless login", () => {
  assert.throws(() => requireHeadlessVersion("11.3.1"), {
    code: "not_implemented",
    message: "the cluster runs version 11.3.1, which has no headless login",
  });
  requireHeadlessVersion("12.2.0");
  requireHeadlessVersion("14.0.0-dev");
  requireHeadlessVersion("unreadable");
});

Deno.test("clientTooOldWarning() speaks up only when the cluster's minimum is above this client", () => {
  assert.equal(clientTooOldWarning(""), undefined);
  assert.equal(clientTooOldWarning("13.0.0"), undefined);
  assert.equal(clientTooOldWarning(COMPATIBLE_VERSION), undefined);
  assert.match(clientTooOldWarning("99.0.0")!, /version 99\.0\.0 or newer/);
});
