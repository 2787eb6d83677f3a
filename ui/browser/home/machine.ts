import type { Words } from "../words/words.ts";

/** Everything that the home page can show. */
export type HomeState =
  | { screen: "loading" }
  | {
    screen: "home";
    user: string;
    expiresAtMs: number;
    nowMs: number;
    signingOut: boolean;
    problem?: Words;
  }
  | { screen: "refused"; problem: Words };

/** Everything that can happen to it. */
export type HomeEvent =
  | { type: "signed_in"; user: string; expiresAtMs: number; nowMs: number }
  | { type: "sign_out" }
  | { type: "failed"; problem: Words }
  | { type: "retry" }
  | { type: "tick"; nowMs: number };

/** Where the page begins. */
export const INITIAL: HomeState = { screen: "loading" };

/** Moves the page on. */
export function step(state: HomeState, event: HomeEvent): HomeState {
  switch (event.type) {
    case "signed_in": {
      const { user, expiresAtMs, nowMs } = event;
      return { screen: "home", user, expiresAtMs, nowMs, signingOut: false };
    }
    case "sign_out":
      return state.screen === "home" && !state.signingOut
        ? { ...state, signingOut: true, problem: undefined }
        : state;
    case "failed":
      return state.screen === "home"
        ? { ...state, signingOut: false, problem: event.problem }
        : { screen: "refused", problem: event.problem };
    case "retry":
      return state.screen === "refused" ? INITIAL : state;
    case "tick":
      return state.screen === "home" ? { ...state, nowMs: event.nowMs } : state;
  }
}
