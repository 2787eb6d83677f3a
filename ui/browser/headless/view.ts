import { h, setBlocked, setText } from "../core/dom.ts";
import { icon } from "../core/icons.ts";
import { button, detail, heading, problemRegion, requestId, statement } from "../core/parts.ts";
import { nothing, type Part, Region } from "../core/region.ts";
import { touchPanel } from "../core/touch_panel.ts";
import { noWebauthnWords } from "../words/key_words.ts";
import { agoWords, clockWords, durationWords, LAST_MS } from "../words/time_words.ts";
import { type HeadlessState, type Pending, usesKey } from "./machine.ts";
import { outcomeStatement } from "./outcome_view.ts";
import type { HeadlessRequest } from "./request.ts";

/** What a person can do on the page. */
export interface HeadlessActions {
  readonly keySupported: boolean;
  approve(): void;
  stop(): void;
  reject(): void;
  retry(): void;
  /** Signs out, and in again as somebody else. */
  switchUser(): void;
}

/** The page's regions from top to bottom. */
export function headlessRegions(actions: HeadlessActions): Region<HeadlessState>[] {
  return [
    new Region(screenKey, (state) => screenPart(state, actions)),
    new Region<HeadlessState>(
      (state) => state.screen === "pending" && state.connection === "lost" ? "lost" : "",
      (state) => state.screen === "pending" && state.connection === "lost" ? lostPart() : nothing(),
    ),
    problemRegion((state) => state.screen === "pending" ? state.problem : undefined),
    new Region(actionsKey, (state) => actionsPart(state, actions)),
  ];
}

function screenKey(state: HeadlessState): string {
  if (state.screen === "answered") return `answered ${state.request.state} ${state.by}`;
  if (state.screen === "loading") return `loading ${state.connection}`;
  return state.screen;
}

function screenPart(state: HeadlessState, actions: HeadlessActions): Part<HeadlessState> {
  switch (state.screen) {
    case "loading":
      return loadingPart(state.connection === "lost");
    case "pending":
      return pendingPart(state);
    case "answered":
      return outcomeStatement(state);
    case "not_found":
      return notFoundPart(actions);
    case "refused":
      return statement({
        picture: "clock",
        tone: "problem",
        title: state.problem.said,
        body: [
          `${state.problem.next} The command in the terminal keeps waiting for as long as it has time.`,
          h(
            "div",
            { class: "actions" },
            button("Look again", { kind: "primary", press: actions.retry }),
          ),
        ],
      });
  }
}

function loadingPart(lost: boolean): Part<HeadlessState> {
  if (!lost) return { node: h("p", { class: "quiet" }, "Looking for the request …") };
  return statement({
    picture: "unplugged",
    tone: "problem",
    title: "The cluster cannot be reached",
    body: [
      "Trying again by itself. Check this device's network connection; the command in the terminal " +
      "keeps waiting for as long as it has time.",
    ],
  });
}

function notFoundPart(actions: HeadlessActions): Part<HeadlessState> {
  return statement({
    picture: "question",
    tone: "plain",
    title: "No such request for you",
    body: [
      "It may have ended, the link may be incomplete, or the request is for another user.",
      h(
        "ul",
        {},
        h(
          "li",
          {},
          "Check that the terminal still waits. If not, run the command again and open the new link.",
        ),
        h(
          "li",
          {},
          "Copy the whole link: its end looks like 86172f78-af7c-5935-a7c1-ed06b94f17dc.",
        ),
        h("li", {}, "Check that the command's --user is the name with which you signed in here."),
      ),
      h(
        "div",
        { class: "actions" },
        h("a", { class: "button button-primary", href: "" }, "Look again"),
        button("Sign in as someone else", { kind: "plain", press: actions.switchUser }),
      ),
    ],
  });
}

function pendingPart(first: Pending): Part<HeadlessState> {
  const { request } = first;
  const title = heading("h1", "Approve this command?");
  const since = h("span", {});
  const left = h("span", { class: "left" });
  const node = h(
    "div",
    { class: "flow" },
    title,
    h(
      "p",
      { class: "lead" },
      "Someone has initiated a command from ",
      h("strong", { class: "address" }, request.clientAddress),
      ". If it was not you, click Reject and contact your administrator.",
    ),
    h(
      "dl",
      { class: "details" },
      detail("User", request.user),
      detail("From", h("span", { class: "address" }, request.clientAddress)),
      detail("Cluster", request.clusterName),
      detail("Started", since),
      detail("Time left", left),
      detail("Request", requestId(request.id)),
    ),
  );
  return {
    node,
    focus: title,
    update(state): void {
      if (state.screen !== "pending") return;
      const { createdAtMs, expiresAtMs } = state.request;
      const leftMs = expiresAtMs - state.nowMs;
      const clock = clockWords(createdAtMs, { seconds: true });
      setText(since, `${agoWords(state.nowMs - createdAtMs)}, at ${clock}`);
      const until = clockWords(expiresAtMs, { seconds: true });
      const last = leftMs <= LAST_MS;
      setText(left, `${last ? "Only " : ""}${durationWords(leftMs)}, until ${until}`);
      left.classList.toggle("left-last", last);
    },
  };
}

function lostPart(): Part<HeadlessState> {
  return {
    node: h(
      "div",
      { class: "notice notice-warning" },
      icon("unplugged"),
      h(
        "div",
        {},
        h("p", { class: "notice-title" }, "Connection lost, trying again"),
        h(
          "p",
          {},
          "What you see may be out of date. You can answer as soon as the connection is back.",
        ),
      ),
    ),
  };
}

function actionsKey(state: HeadlessState): string {
  if (state.screen !== "pending") return "";
  return usesKey(state.action) ? "touch" : "choose";
}

function actionsPart(state: HeadlessState, actions: HeadlessActions): Part<HeadlessState> {
  if (state.screen !== "pending") return nothing();
  return usesKey(state.action) ? touchPart(actions) : choosePart(actions);
}

function choosePart(actions: HeadlessActions): Part<HeadlessState> {
  const approve = button("Approve with security key", { kind: "primary", press: actions.approve });
  approve.dataset.rest = "";
  const reject = button("Reject", { kind: "danger", press: actions.reject });
  const rejectText = reject.querySelector("span")!;
  const node = h(
    "div",
    { class: "flow" },
    h(
      "p",
      { class: "caution" },
      icon("warning"),
      h("span", {}, "If you did not just run this command, reject it."),
    ),
    !actions.keySupported && keylessNotice(),
    h("div", { class: "actions actions-even" }, approve, reject),
  );
  return {
    node,
    update(state): void {
      if (state.screen !== "pending") return;
      const rejecting = state.action === "rejecting";
      const lost = state.connection === "lost";
      setBlocked(approve, rejecting || lost || !actions.keySupported);
      setBlocked(reject, rejecting || lost);
      setText(rejectText, rejecting ? "Rejecting …" : "Reject");
    },
  };
}

function keylessNotice(): HTMLElement {
  const words = noWebauthnWords(globalThis.isSecureContext);
  return h(
    "div",
    { class: "notice notice-warning" },
    icon("key"),
    h(
      "div",
      {},
      h("p", { class: "notice-title" }, words.said),
      h("p", {}, `${words.next} You can reject here.`),
    ),
  );
}

function touchPart(actions: HeadlessActions): Part<HeadlessState> {
  const reject = button("Reject", { kind: "danger", press: actions.reject });
  const panel = touchPanel({
    words: "The touch approves this command, and nothing else.",
    stop: actions.stop,
    more: [reject],
  });
  return {
    node: panel.node,
    focus: panel.focus,
    update(state): void {
      if (state.screen !== "pending" || !usesKey(state.action)) return;
      panel.show(state.action);
      reject.hidden = state.action === "sending";
    },
  };
}

/** The document's title: what a person sees who has the page in another tab. */
export function headlessTitle(state: HeadlessState): string {
  switch (state.screen) {
    case "loading":
      return "Approve a command";
    case "pending":
      return state.action === "touching" ? "Touch your key" : "Approve a command?";
    case "answered":
      return OUTCOME_TITLES[state.request.state];
    case "not_found":
      return "No such request";
    case "refused":
      return "Too many tries";
  }
}

const OUTCOME_TITLES: Record<HeadlessRequest["state"], string> = {
  pending: "Approve a command?",
  approved: "Approved",
  denied: "Rejected",
  withdrawn: "Withdrawn",
  expired: "Expired",
};
