import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";

Deno.test.each([
  ["1h", 3_600_000],
  ["1h30m", 5_400_000],
  ["90s", 90_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["48h0m0s", 172_800_000],
])("parseDuration() reads %s", (text: string, ms: number) => {
  assert.equal(parseDuration(text), ms);
});

Deno.test.each([
  "",
  "1",
  "h",
  "1 h",
  "-1h",
  "0s",
  "1d",
  "1h1",
  "1e3h",
  "1..5h",
  "99999999h",
  "NaNh",
])(
  "parseDuration() refuses %j",
  (text: string) => {
    assert.throws(() => parseDuration(text), /Expected a duration like/);
  },
);

Deno.test.each([
  [3_600_000, "1h"],
  [5_400_000, "1h30m"],
  [3_605_000, "1h0m5s"],
  [45_000, "45s"],
  [120_000, "2m"],
  [3_599_700, "1h"],
  [28_800_000, "8h"],
  [0, "0s"],
])("formatDuration() writes %i ms", (ms: number, text: string) => {
  assert.equal(formatDuration(ms), text);
});

Deno.test("parseDuration() reads what formatDuration() writes", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), (seconds) => {
    assert.equal(parseDuration(formatDuration(seconds * 1000)), seconds * 1000);
  }));
});
