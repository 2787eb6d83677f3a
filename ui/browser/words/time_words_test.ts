import assert from "node:assert/strict";
import fc from "fast-check";
import { agoWords, clockWords, durationWords, spokenTimeLeft } from "./time_words.ts";

Deno.test("durations are said in at most two units", () => {
  const said = [-5, 0, 1, 1000, 1001, 59_000, 60_000, 61_000, 160_000, 3_600_000, 40_800_000]
    .map(durationWords);
  assert.deepEqual(said, [
    "0 seconds",
    "0 seconds",
    "1 second",
    "1 second",
    "2 seconds",
    "59 seconds",
    "1 minute",
    "1 minute 1 second",
    "2 minutes 40 seconds",
    "1 hour",
    "11 hours 20 minutes",
  ]);
});

Deno.test("what was is said in one unit, and clocks that differ do no harm", () => {
  const said = [-3000, 0, 1999, 2000, 12_400, 60_000, 179_000, 7_300_000].map(agoWords);
  assert.deepEqual(said, [
    "just now",
    "just now",
    "just now",
    "2 seconds ago",
    "12 seconds ago",
    "1 minute ago",
    "2 minutes ago",
    "2 hours ago",
  ]);
});

Deno.test("the clock is the reader's", () => {
  const at = Date.UTC(2026, 0, 1, 15, 4, 5);
  const clock = (locale: string, timeZone: string, seconds: boolean): string =>
    clockWords(at, { locale, timeZone, seconds }).replaceAll("\u202f", " ");
  assert.equal(clock("en-GB", "UTC", true), "15:04:05");
  assert.equal(clock("en-US", "UTC", false), "03:04 PM");
  assert.equal(clock("de", "Asia/Kolkata", true), "20:34:05");
});

Deno.test("a whole wait is spoken four times, not every second", () => {
  const spoken: string[] = [];
  for (let left = 180_000; left > -5000; left -= 1000) {
    const words = spokenTimeLeft(left, left - 1000);
    if (words !== undefined) spoken.push(words);
  }
  assert.deepEqual(spoken, [
    "2 minutes left to answer.",
    "1 minute left to answer.",
    "30 seconds left to answer.",
    "10 seconds left to answer.",
  ]);
});

Deno.test("a page that slept says the time left once, and nothing when it is over", () => {
  assert.equal(spokenTimeLeft(150_000, 25_000), "25 seconds left to answer.");
  assert.equal(spokenTimeLeft(150_000, -1000), undefined);
  fc.assert(fc.property(fc.integer(), (left) => {
    assert.equal(spokenTimeLeft(left, left), undefined);
  }));
});
