import { h, setText } from "../core/dom.ts";
import {
  command,
  detail,
  heading,
  problemRegion,
  refusedStatement,
  statement,
} from "../core/parts.ts";
import { nothing, type Part, Region } from "../core/region.ts";
import { touchPanel } from "../core/touch_panel.ts";
import { clockWords, durationWords } from "../words/time_words.ts";
import { formPart } from "./form_view.ts";
import type { InviteForm, InviteState } from "./machine.ts";

/** What a person can do on the page. */
export interface InviteActions {
  choose(passwordless: boolean): void;
  register(password: string, deviceName: string): void;
  stop(): void;
  retry(): void;
}

/** What the page knows beforehand. */
export interface InviteView {
  clusterName: string;
  /** Whether the cluster allows signing in without a password. */
  passwordless: boolean;
  /** As a person types it after `--proxy=`. */
  proxyAddress: string;
}

/** The page's regions from top to bottom. */
export function inviteRegions(view: InviteView, actions: InviteActions): Region<InviteState>[] {
  return [
    new Region((state) => state.screen, (state) => screenPart(state, view, actions)),
    problemRegion((state) => state.screen === "form" ? state.problem : undefined),
    // The form stays while the key is awaited, out of sight, so that nothing has to be typed twice.
    new Region<InviteState>(
      (state) => state.screen === "form" ? "form" : "",
      (state) => state.screen === "form" ? formPart(state.user, view, actions) : nothing(),
    ),
    new Region<InviteState>(
      (state) => state.screen === "form" && state.step !== "form" ? "touch" : "",
      (state) => state.screen === "form" && state.step !== "form" ? touchPart(actions) : nothing(),
    ),
  ];
}

function screenPart(
  state: InviteState,
  view: InviteView,
  actions: InviteActions,
): Part<InviteState> {
  switch (state.screen) {
    case "loading":
      return { node: h("p", { class: "quiet" }, "Looking for the invitation …") };
    case "form":
      return invitedPart(state, view);
    case "gone":
      return statement({
        picture: "envelope",
        tone: "plain",
        title: "This invitation is no longer good",
        body: [
          "It has been used, has expired, or a newer one has replaced it. The link may also be incomplete.",
          h(
            "p",
            {},
            "If you have registered already, ",
            h("a", { href: "/web/login" }, "sign in"),
            ". If not, ask your administrator for a new invitation. They make one with:",
          ),
          command("tctl users reset <your name>"),
        ],
      });
    case "refused":
      return refusedStatement(state.problem, actions.retry);
    case "done":
      return donePart(state, view);
  }
}

function invitedPart(first: InviteForm, view: InviteView): Part<InviteState> {
  const title = heading("h1", `Welcome, ${first.user}`);
  const until = h("span", {});
  const node = h(
    "div",
    { class: "flow" },
    title,
    h(
      "p",
      { class: "lead" },
      "You are invited to ",
      h("strong", {}, view.clusterName),
      ". Set up how you sign in; after that, this link has done its work.",
    ),
    h(
      "dl",
      { class: "details" },
      detail("User", first.user),
      detail("Cluster", view.clusterName),
      detail("Valid", until),
    ),
  );
  return {
    node,
    focus: title,
    update(state): void {
      if (state.screen !== "form") return;
      const left = state.expiresAtMs - state.nowMs;
      const clock = clockWords(state.expiresAtMs, { seconds: false });
      setText(
        until,
        left > 0
          ? `until ${clock}, ${durationWords(roundUp(left))} left`
          : `until ${clock}: it has expired`,
      );
    },
  };
}

/** To whole minutes, except in the last: an hour's countdown by seconds would only distract. */
function roundUp(ms: number): number {
  return ms <= 60_000 ? ms : Math.ceil(ms / 60_000) * 60_000;
}

function donePart(
  state: Extract<InviteState, { screen: "done" }>,
  view: InviteView,
): Part<InviteState> {
  const how = state.passwordless
    ? "From now on that key alone signs you in."
    : "From now on you sign in with your password and that key.";
  return statement({
    picture: "check",
    tone: "good",
    title: `You are set up, ${state.user}`,
    body: [
      `Your key “${state.deviceName}” is registered on ${view.clusterName}, and you are signed in. ${how}`,
      h("h2", {}, "What next"),
      "On a machine without your key, run:",
      command(`tsh ls --headless --proxy=${view.proxyAddress} --user=${state.user}`),
      "It prints a link. Open it in this browser, check who asks and from where, and approve it with your key.",
      h(
        "div",
        { class: "actions" },
        h("a", { class: "button button-primary", href: "/web" }, "Go to the start page"),
      ),
    ],
  });
}

function touchPart(actions: InviteActions): Part<InviteState> {
  const panel = touchPanel({ words: "The touch registers it for you.", stop: actions.stop });
  return {
    node: panel.node,
    focus: panel.focus,
    update(state): void {
      if (state.screen === "form" && state.step !== "form") panel.show(state.step);
    },
  };
}
