/**
 * The states of the invitation page.
 *
 *     loading ─▶ form ─register▶ preparing ─▶ touching ─▶ sending ─▶ done
 *        │        ▲ └─────────── stopped, failed ──┴──────────┘
 *        ├─▶ gone (used, voided, expired or never there: the server does not say which)
 *        └─▶ refused (cannot be asked now; try again)
 *
 * @module
 */

import type { KeyPhase } from "../core/touch_panel.ts";
import type { Words } from "../words/words.ts";

/** What an invited person chose, apart from the password, which stays in its input. */
export interface Choices {
  passwordless: boolean;
  deviceName: string;
}

/** An invitation that can be used. */
export interface InviteForm {
  screen: "form";
  user: string;
  expiresAtMs: number;
  step: "form" | KeyPhase;
  passwordless: boolean;
  problem?: Words;
  /** This device's clock. */
  nowMs: number;
}

/** Everything that the page can show. */
export type InviteState =
  | { screen: "loading" }
  | InviteForm
  | { screen: "gone" }
  | { screen: "refused"; problem: Words }
  | { screen: "done"; user: string; passwordless: boolean; deviceName: string };

/** Everything that can happen to it. */
export type InviteEvent =
  | { type: "invited"; user: string; expiresAtMs: number; nowMs: number }
  | { type: "gone" }
  | { type: "refused"; problem: Words }
  | { type: "retry" }
  | { type: "choose"; passwordless: boolean }
  | { type: "register" }
  | { type: "touch" }
  | { type: "signed" }
  | { type: "stopped" }
  | { type: "failed"; problem: Words }
  | { type: "done"; choices: Choices }
  | { type: "tick"; nowMs: number };

/** Where the page begins. */
export const INITIAL: InviteState = { screen: "loading" };

/** Moves the page on. */
export function step(state: InviteState, event: InviteEvent): InviteState {
  switch (event.type) {
    case "invited": {
      const { user, expiresAtMs, nowMs } = event;
      return { screen: "form", step: "form", passwordless: false, user, expiresAtMs, nowMs };
    }
    case "gone":
      return state.screen === "done" ? state : { screen: "gone" };
    case "refused":
      return state.screen === "loading" ? { screen: "refused", problem: event.problem } : state;
    case "retry":
      return state.screen === "refused" ? INITIAL : state;
    default:
      return state.screen === "form" ? stepForm(state, event) : state;
  }
}

function stepForm(state: InviteForm, event: InviteEvent): InviteState {
  switch (event.type) {
    case "choose":
      return state.step === "form"
        ? { ...state, passwordless: event.passwordless, problem: undefined }
        : state;
    case "register":
      return state.step === "form" ? { ...state, step: "preparing", problem: undefined } : state;
    case "touch":
      return state.step === "preparing" ? { ...state, step: "touching" } : state;
    case "signed":
      return state.step === "touching" ? { ...state, step: "sending" } : state;
    case "stopped":
      return state.step === "preparing" || state.step === "touching"
        ? { ...state, step: "form" }
        : state;
    case "failed":
      return { ...state, step: "form", problem: event.problem };
    case "done":
      return { screen: "done", user: state.user, ...event.choices };
    case "tick":
      return { ...state, nowMs: event.nowMs };
    default:
      return state;
  }
}
