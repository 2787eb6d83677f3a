/**
 * A clock that is off, found before a person is asked for anything: certificates of a headless login are good from a
 * minute before they are made to a minute after, so a clock that is further away makes them worthless.
 *
 * @module
 */

import type { Clock } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";

/** How far two clocks may be apart, in milliseconds. */
const MAX_SKEW_MS = 60_000;

const HINT = "Set this machine's clock, for example with: timedatectl set-ntp true";

/**
 * Compares this machine's clock with the cluster's.
 *
 * @param dateMs The cluster's clock; nothing is checked when it did not say.
 * @throws {ToolError} `trust` when they are more than a minute apart.
 */
export function checkClock(dateMs: number | undefined, clock: Pick<Clock, "now">): void {
  if (dateMs === undefined) return;
  // The Date header is cut to seconds, so it is half a second behind on average.
  const aheadMs = clock.now() - (dateMs + 500);
  if (Math.abs(aheadMs) <= MAX_SKEW_MS) return;
  throw new ToolError(
    "trust",
    `this machine's clock is ${spell(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"} ` +
      "the cluster's, and certificates that last a minute would not be valid here",
    { hint: HINT },
  );
}

/**
 * Checks that something which has just been issued is valid now.
 *
 * @param what Its name in the message: `the certificate that the cluster issued`.
 * @throws {ToolError} `trust` when it is not yet, or no longer.
 */
export function checkValidNow(
  what: string,
  valid: { fromMs: number; toMs: number },
  clock: Pick<Clock, "now">,
): void {
  const now = clock.now();
  if (now >= valid.fromMs && now < valid.toMs) return;
  const problem = now < valid.fromMs
    ? `is not valid before ${iso(valid.fromMs)}`
    : `expired at ${iso(valid.toMs)}`;
  throw new ToolError("trust", `${what} ${problem}, and this machine's clock says ${iso(now)}`, {
    hint: HINT,
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function spell(ms: number): string {
  const units: readonly [ms: number, name: string][] = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1000, "second"],
  ];
  const [size, name] = units.find(([size]) => ms >= size) ?? [1000, "second"];
  const count = Math.round(ms / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
