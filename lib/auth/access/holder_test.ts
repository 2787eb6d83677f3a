import assert from "node:assert/strict";
import fc from "fast-check";
import { certificatesFrom, isFromBeforeReset, notBeforeOf } from "./holder.ts";

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);
const holder = (notBeforeMs: number) => ({ roles: [], logins: [], notBeforeMs });
const user = (certificatesFromMs: number) => ({ roles: [], logins: [], certificatesFromMs });

Deno.test("a certificate made in the second of a reset, or before, ends with it; one made after does not", () => {
  const ms = fc.integer({ min: 0, max: 5_000 });
  fc.assert(fc.property(ms, ms, ms, (createdMs, madeAfterMs, resetAfterMs) => {
    let present = user(NOW + createdMs);
    const madeMs = present.certificatesFromMs + madeAfterMs;
    const certificate = holder(notBeforeOf(present, madeMs));
    assert.equal(certificate.notBeforeMs % 1_000, 0);
    assert.equal(isFromBeforeReset(certificate, present), false);
    // However many resets there are in the same second.
    for (let resets = 0; resets < 3; resets++) {
      present = user(certificatesFrom(present, madeMs + resetAfterMs));
      assert.equal(isFromBeforeReset(certificate, present), true);
      const next = holder(notBeforeOf(present, madeMs + resetAfterMs));
      assert.equal(isFromBeforeReset(next, present), false);
    }
  }));
});

Deno.test("a certificate is valid now, also when the clock was set back", () => {
  assert.equal(notBeforeOf(user(0), NOW + 999), NOW - 60_000);
  assert.equal(notBeforeOf(user(NOW + 3_600_000), NOW), NOW);
  assert.ok(isFromBeforeReset(holder(NOW), user(NOW + 3_600_000)));
});
