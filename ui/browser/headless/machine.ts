/**
 * The states of the page that answers a headless request, apart from how they look and from where the request comes.
 *
 *     loading ─▶ pending ─▶ answered (approved | denied | withdrawn | expired)
 *        │          │
 *        ├──────────┴────▶ not_found
 *        └───────────────▶ refused (too many looks; try again)
 *
 * While pending, `action` tells what the person is doing:
 *
 *     none ─approve▶ preparing ─▶ touching ─▶ sending ─▶ (answered)
 *      ▲ └─reject──▶ rejecting ─▶ (answered)
 *      └── stopped, failed
 *
 * Whatever the server says wins: a request that was answered elsewhere, withdrawn or expired ends every action.
 *
 * @module
 */

import type { KeyPhase } from "../core/touch_panel.ts";
import type { Words } from "../words/words.ts";
import type { HeadlessRequest } from "./request.ts";

/** Whether the page hears of changes. */
export type Connection = "live" | "lost";

/** What the person is doing with a pending request. */
export type Action = "none" | KeyPhase | "rejecting";

/** A request that waits for its answer. */
export interface Pending {
  screen: "pending";
  request: HeadlessRequest;
  connection: Connection;
  action: Action;
  /** Why the last action failed. */
  problem?: Words;
  /** The server's clock. */
  nowMs: number;
}

/** A request that needs no answer any more. */
export interface Answered {
  screen: "answered";
  request: HeadlessRequest;
  /** Who ended it: this page, somebody or something else while it was shown, or whoever it was before that. */
  by: "here" | "elsewhere" | "before";
  /** The server's clock when this was learned. */
  nowMs: number;
}

/** Everything that the page can show. */
export type HeadlessState =
  | { screen: "loading"; connection: Connection }
  | Pending
  | Answered
  | { screen: "not_found" }
  | { screen: "refused"; problem: Words };

/** Everything that can happen to it. */
export type HeadlessEvent =
  /** The server told the request's state. */
  | { type: "request"; request: HeadlessRequest; nowMs: number }
  | { type: "lost" }
  | { type: "not_found" }
  | { type: "refused"; problem: Words }
  /** The person wants to look again after `refused`. */
  | { type: "retry" }
  | { type: "approve" }
  | { type: "touch" }
  | { type: "signed" }
  | { type: "reject" }
  | { type: "stopped" }
  | { type: "failed"; problem: Words }
  /** The server has taken this page's answer. */
  | { type: "done"; outcome: "approved" | "denied" }
  | { type: "tick"; nowMs: number };

/** How long after its end a request is still shown as pending, for the server's own word to arrive. */
const GRACE_MS = 2_000;

/** Where the page begins. */
export const INITIAL: HeadlessState = { screen: "loading", connection: "live" };

/** Whether the key is in use for an action. */
export function usesKey(action: Action): action is KeyPhase {
  return action === "preparing" || action === "touching" || action === "sending";
}

/** Moves the page on. */
export function step(state: HeadlessState, event: HeadlessEvent): HeadlessState {
  switch (event.type) {
    case "request":
      return withRequest(state, event.request, event.nowMs);
    case "not_found":
      return state.screen === "answered" ? state : { screen: "not_found" };
    case "refused":
      return state.screen === "loading" ? { screen: "refused", problem: event.problem } : state;
    case "retry":
      return state.screen === "refused" ? INITIAL : state;
    case "lost":
      return (state.screen === "loading" || state.screen === "pending") &&
          state.connection === "live"
        ? { ...state, connection: "lost" }
        : state;
    default:
      return state.screen === "pending" ? stepPending(state, event) : state;
  }
}

function withRequest(
  state: HeadlessState,
  request: HeadlessRequest,
  nowMs: number,
): HeadlessState {
  if (request.state !== "pending") {
    if (state.screen === "answered") {
      const same = state.request.state === request.state;
      return { ...state, by: same ? state.by : "elsewhere", request };
    }
    return { screen: "answered", request, nowMs, by: endedBy(state, request) };
  }
  if (state.screen === "pending") return { ...state, request, nowMs, connection: "live" };
  // An answer that this page gave must not be undone by news that was under way.
  if (state.screen === "answered") return state;
  return { screen: "pending", request, nowMs, connection: "live", action: "none" };
}

/** The server's news of an answer can overtake the reply to the call that gave it. */
function endedBy(state: HeadlessState, request: HeadlessRequest): Answered["by"] {
  if (state.screen !== "pending") return "before";
  const here = (state.action === "sending" && request.state === "approved") ||
    (state.action === "rejecting" && request.state === "denied");
  return here ? "here" : "elsewhere";
}

function stepPending(state: Pending, event: HeadlessEvent): HeadlessState {
  const { action, request } = state;
  switch (event.type) {
    case "approve":
      return action === "none" ? { ...state, action: "preparing", problem: undefined } : state;
    case "touch":
      return action === "preparing" ? { ...state, action: "touching" } : state;
    case "signed":
      return action === "touching" ? { ...state, action: "sending" } : state;
    case "reject":
      return action === "rejecting" || action === "sending"
        ? state
        : { ...state, action: "rejecting", problem: undefined };
    case "stopped":
      return action === "preparing" || action === "touching" ? { ...state, action: "none" } : state;
    case "failed":
      return action === "none" ? state : { ...state, action: "none", problem: event.problem };
    case "done": {
      const ended = { ...request, state: event.outcome, endedAtMs: state.nowMs };
      return { screen: "answered", request: ended, by: "here", nowMs: state.nowMs };
    }
    case "tick": {
      if (event.nowMs < request.expiresAtMs + GRACE_MS) return { ...state, nowMs: event.nowMs };
      const ended = { ...request, state: "expired" as const, endedAtMs: request.expiresAtMs };
      return { screen: "answered", request: ended, by: "elsewhere", nowMs: event.nowMs };
    }
    default:
      return state;
  }
}
