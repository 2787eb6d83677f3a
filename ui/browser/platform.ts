/** Time, as the pages ask for it. */
export interface Clock {
  /** Wall clock of this device, milliseconds since the Unix epoch. */
  now(): number;
}

/** The device's own clock. */
export const realClock: Clock = { now: () => Date.now() };

/** Resolves when the page is looked at, or when `signal` aborts. */
export function untilVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!signal.aborted && document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

/** A random number in [0, 1), for spreading retries. */
export function randomFraction(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
