import { readEventStream, type StreamEvent } from "./event_stream.ts";
import { ApiProblem } from "./problem.ts";

/** First wait before a stream is opened again; doubled after each failure up to the longest. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** The server sends a heartbeat every 10 s: twice that and a bit without a byte means that it is gone. */
const SILENCE_MS = 25_000;

/** How long to wait before the attempt after `failures` failures in a row; spread, so that not all pages come at once. */
export function retryWaitMs(failures: number, fraction: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return wait * (0.75 + fraction / 2);
}

/** What a follower does with what happens. `end` stops following. */
export interface StreamHandler {
  event(event: StreamEvent): "continue" | "end" | Promise<"continue" | "end">;
  /** An answer other than 200. `retry` treats it as a lost connection. */
  refused(problem: ApiProblem): "retry" | "end" | Promise<"retry" | "end">;
  /** The connection was lost or could not be made; another attempt follows. */
  lost(): void;
}

/** What following needs from outside. */
export interface FollowDeps {
  open(signal: AbortSignal): Promise<Response>;
  /** Waits; may return sooner when trying again has become worthwhile. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

/** Follows a stream over broken connections until a handler says `end` or `signal` aborts. */
export async function follow(
  { open, pause, random }: FollowDeps,
  handler: StreamHandler,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    signal.addEventListener("abort", stop);
    try {
      const response = await open(attempt.signal);
      if (response.body !== null) {
        for await (const event of readEventStream(response.body, { silenceMs: SILENCE_MS })) {
          failures = 0;
          if (await handler.event(event) === "end") return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiProblem && error.status !== 0) {
        if (await handler.refused(error) === "end") return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      attempt.abort();
    }
    if (signal.aborted) return;
    failures++;
    handler.lost();
    await pause(retryWaitMs(failures, random()), signal);
  }
}

/** A pause that ends early when the device is online again or the person comes back to the page. */
export function browserPause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      document.removeEventListener("visibilitychange", visible);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const visible = (): void => {
      if (document.visibilityState === "visible") done();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    document.addEventListener("visibilitychange", visible);
    signal.addEventListener("abort", done);
  });
}
