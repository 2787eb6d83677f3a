/**
 * Durations as Go writes them (`1h30m`, `90s`), because Teleport's tools and files do.
 *
 * @module
 */

import { InvalidArgumentError } from "commander";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Longest duration that is read: a hundred years. */
const MAX_MS = 100 * 365 * 24 * 3_600_000;

/**
 * Milliseconds of a duration on the command line; commander turns the error into one that names the flag.
 *
 * @throws {InvalidArgumentError} When it is none, or not longer than nothing.
 */
export function parseDuration(text: string): number {
  const isDuration = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text);
  let total = 0;
  for (const [, number, unit] of isDuration ? text.matchAll(/([\d.]+)(ms|s|m|h)/g) : []) {
    total += Number(number) * UNIT_MS[unit!]!;
  }
  if (!(total > 0 && total <= MAX_MS)) {
    throw new InvalidArgumentError("Expected a duration like 30m, 8h or 1h30m.");
  }
  return Math.round(total);
}

/** `1h`, `1h30m`, `45s`: rounded to seconds, without the units that are zero at the end. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = (h > 0 ? `${h}h` : "") + (m > 0 || (h > 0 && s > 0) ? `${m}m` : "") +
    (s > 0 ? `${s}s` : "");
  return text || "0s";
}
