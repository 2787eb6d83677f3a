import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_deps.ts";
import { RateLimiter } from "./rate_limiter.ts";

const RATE = { burst: 3, refillMs: 1000 };

Deno.test("a burst passes, then one each refill time; the error says how long to wait", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(RATE, 10, clock);
  for (let i = 0; i < 3; i++) limiter.take("a");
  assert.throws(() => limiter.take("a"), {
    code: "limit_exceeded",
    retryAfterSeconds: 1,
    message: "too many attempts, try again in 1 second",
  });
  clock.advance(999);
  assert.throws(() => limiter.take("a"), { code: "limit_exceeded" });
  clock.advance(1);
  limiter.take("a");
  assert.throws(() => limiter.take("a"), { code: "limit_exceeded" });
  clock.advance(60_000);
  for (let i = 0; i < 3; i++) limiter.take("a");
  assert.throws(() => limiter.take("a"), { code: "limit_exceeded" });
});

Deno.test("refused attempts do not make the wait longer", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(RATE, 10, clock);
  for (let i = 0; i < 3; i++) limiter.take("a");
  for (let i = 0; i < 100; i++) assert.throws(() => limiter.take("a"));
  clock.advance(1000);
  limiter.take("a");
});

Deno.test("names do not share a bucket", () => {
  const limiter = new RateLimiter(RATE, 10, new FakeClock());
  for (let i = 0; i < 3; i++) limiter.take("a");
  limiter.take("b");
});

Deno.test("memory is bounded, and the name that is tried all the time stays limited", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ burst: 3, refillMs: 1e9 }, 100, clock);
  for (let i = 0; i < 3; i++) limiter.take("victim");
  let passed = 0;
  for (let i = 0; i < 5_000; i++) {
    limiter.take(`other-${i}`);
    if (i % 50 === 0) {
      try {
        limiter.take("victim");
        passed++;
      } catch { /* limited, as it should be */ }
    }
    assert.ok(limiter.size <= 101);
  }
  assert.equal(passed, 0);
});

Deno.test("full buckets are forgotten first", () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(RATE, 2, clock);
  limiter.take("a");
  limiter.take("b");
  clock.advance(5_000);
  limiter.take("c");
  assert.equal(limiter.size, 1);
});
