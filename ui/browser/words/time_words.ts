function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

/** A duration as people say it, in at most two units; seconds only below an hour. Rounded up: never "0 seconds" too early. */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return count(seconds, "second");
  if (seconds < 3600) {
    const rest = seconds % 60;
    const minutes = count(Math.floor(seconds / 60), "minute");
    return rest === 0 ? minutes : `${minutes} ${count(rest, "second")}`;
  }
  const minutes = Math.floor(seconds / 60);
  const hours = count(Math.floor(minutes / 60), "hour");
  return minutes % 60 === 0 ? hours : `${hours} ${count(minutes % 60, "minute")}`;
}

/** How long ago something was, in one unit. What seems to be in the future (clocks differ) is "just now". */
export function agoWords(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${count(seconds, "second")} ago`;
  if (seconds < 3600) return `${count(Math.floor(seconds / 60), "minute")} ago`;
  return `${count(Math.floor(seconds / 3600), "hour")} ago`;
}

/** The time of day in the reader's own way of writing it. */
export function clockWords(
  epochMs: number,
  options: { seconds: boolean; locale?: string; timeZone?: string },
): string {
  return new Intl.DateTimeFormat(options.locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: options.seconds ? "2-digit" : undefined,
    timeZone: options.timeZone,
  }).format(epochMs);
}

/** The last part of the wait, which stands out. */
export const LAST_MS = 30_000;

/** Seconds left at which people who listen are told. */
const SPOKEN_SECONDS = [120, 60, 30, 10];

/**
 * What to say to people who listen when the time left went from one value to another, or nothing: every second would
 * be chatter.
 */
export function spokenTimeLeft(beforeMs: number, nowMs: number): string | undefined {
  const passed = SPOKEN_SECONDS.filter((seconds) =>
    beforeMs > seconds * 1000 && nowMs <= seconds * 1000
  );
  return passed.length === 0 || nowMs <= 0 ? undefined : `${durationWords(nowMs)} left to answer.`;
}
