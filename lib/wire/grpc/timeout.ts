/**
 * The header `grpc-timeout`: up to eight digits and a unit (PROTOCOL-HTTP2.md, "Timeout").
 *
 * @module
 */

/** Milliseconds of a unit. */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Most that eight digits can say. */
const MAX_VALUE = 99_999_999;

/** The header's value; as exact as it can be, and never longer than asked for. */
export function formatTimeout(timeoutMs: number): string {
  for (const unit of ["m", "S", "M", "H"]) {
    const value = Math.max(0, Math.floor(timeoutMs / UNITS[unit]!));
    if (value <= MAX_VALUE) return `${value}${unit}`;
  }
  return `${MAX_VALUE}H`;
}

/** Milliseconds, or `undefined` when the value is malformed. */
export function parseTimeout(text: string): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2]!]!;
}
