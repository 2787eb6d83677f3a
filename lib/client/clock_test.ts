import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_deps.ts";
import { checkClock, checkValidNow } from "./clock.ts";

Deno.test("checkClock() allows for a minute, and for clusters that do not say", () => {
  const clock = new FakeClock();
  for (const skewMs of [0, 59_000, -59_000]) checkClock(clock.now() + skewMs, clock);
  checkClock(undefined, clock);
});

Deno.test("checkClock() names how far off the clock is, and which way", () => {
  const clock = new FakeClock();
  assert.throws(() => checkClock(clock.now() + 5 * 60_000, clock), {
    code: "trust",
    message: /^this machine's clock is 5 minutes behind the cluster's/,
    hint: /timedatectl/,
  });
  assert.throws(() => checkClock(clock.now() - 26 * 3600_000, clock), {
    message: /^this machine's clock is 1 day ahead of the cluster's/,
  });
});

Deno.test("checkValidNow() tells a certificate that is not valid yet from one that is no longer", () => {
  const clock = new FakeClock();
  const now = clock.now();
  checkValidNow("it", { fromMs: now, toMs: now + 1000 }, clock);
  assert.throws(() => checkValidNow("it", { fromMs: now + 1000, toMs: now + 2000 }, clock), {
    code: "trust",
    message:
      "it is not valid before 2026-01-15T12:00:01Z, and this machine's clock says 2026-01-15T12:00:00Z",
  });
  assert.throws(() => checkValidNow("it", { fromMs: now - 2000, toMs: now }, clock), {
    code: "trust",
    message:
      "it expired at 2026-01-15T12:00:00Z, and this machine's clock says 2026-01-15T12:00:00Z",
  });
});
