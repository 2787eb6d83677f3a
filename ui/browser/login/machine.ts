/**
 * The states of the sign-in page.
 *
 *     form ─begin▶ preparing ─touch▶ touching ─signed▶ sending ─done▶ done
 *      ▲                │                │                │
 *      └─ stopped ──────┴────────────────┘                │
 *      └─ failed (with words, and when to try again) ─────┘
 *
 * @module
 */

import type { KeyPhase } from "../core/touch_panel.ts";
import type { Words } from "../words/words.ts";

/** How a person signs in. */
export type Method = "password" | "passwordless";

/** Everything that the page can show. */
export interface LoginState {
  step: "form" | KeyPhase | "done";
  method: Method;
  problem?: Words;
  /** No try before this moment, by this device's clock. */
  waitUntilMs?: number;
  /** This device's clock. */
  nowMs: number;
}

/** Everything that can happen to it. */
export type LoginEvent =
  | { type: "begin"; method: Method }
  | { type: "touch" }
  | { type: "signed" }
  | { type: "stopped" }
  | { type: "failed"; problem: Words; retryAfterMs?: number; nowMs: number }
  | { type: "done" }
  | { type: "tick"; nowMs: number };

/** Where the page begins. */
export function initial(nowMs: number): LoginState {
  return { step: "form", method: "password", nowMs };
}

/** Milliseconds until the next try is allowed; 0 when it is. */
export function waitMs(state: LoginState): number {
  return Math.max(0, (state.waitUntilMs ?? 0) - state.nowMs);
}

/** Moves the page on. */
export function step(state: LoginState, event: LoginEvent): LoginState {
  switch (event.type) {
    case "begin":
      if (state.step !== "form" || waitMs(state) > 0) return state;
      return { step: "preparing", method: event.method, nowMs: state.nowMs };
    case "touch":
      return state.step === "preparing" ? { ...state, step: "touching" } : state;
    case "signed":
      // A key picked from the name field's suggestions signs without any step before.
      return state.step === "touching" || state.step === "form"
        ? { ...state, step: "sending", problem: undefined }
        : state;
    case "stopped":
      return state.step === "preparing" || state.step === "touching"
        ? { ...state, step: "form" }
        : state;
    case "failed": {
      const { problem, retryAfterMs, nowMs } = event;
      const waitUntilMs = retryAfterMs === undefined ? undefined : nowMs + retryAfterMs;
      return { ...state, step: "form", problem, waitUntilMs, nowMs };
    }
    case "done":
      return { ...state, step: "done", problem: undefined };
    case "tick":
      return waitMs(state) > 0 ? afterWaiting({ ...state, nowMs: event.nowMs }) : state;
  }
}

/** When the wait is over, so is the problem. */
function afterWaiting(state: LoginState): LoginState {
  return waitMs(state) > 0 ? state : { ...state, problem: undefined, waitUntilMs: undefined };
}
