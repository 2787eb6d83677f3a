import { h, setBlocked, setText } from "../core/dom.ts";
import {
  button,
  command,
  detail,
  heading,
  problemRegion,
  refusedStatement,
} from "../core/parts.ts";
import { type Part, Region } from "../core/region.ts";
import { clockWords, durationWords } from "../words/time_words.ts";
import type { HomeState } from "./machine.ts";

/** What a person can do on the page. */
export interface HomeActions {
  signOut(): void;
  retry(): void;
}

/** What the page knows beforehand. */
export interface HomeView {
  clusterName: string;
  /** As a person types it after `--proxy=`. */
  proxyAddress: string;
}

/** The page's regions from top to bottom. */
export function homeRegions(view: HomeView, actions: HomeActions): Region<HomeState>[] {
  return [
    new Region<HomeState>((state) => state.screen, (state) => screenPart(state, view, actions)),
    problemRegion((state) => state.screen === "home" ? state.problem : undefined),
  ];
}

function screenPart(state: HomeState, view: HomeView, actions: HomeActions): Part<HomeState> {
  switch (state.screen) {
    case "loading":
      return { node: h("p", { class: "quiet" }, "Loading …") };
    case "refused":
      return refusedStatement(state.problem, actions.retry);
    case "home":
      return homePart(state.user, view, actions);
  }
}

function homePart(user: string, view: HomeView, actions: HomeActions): Part<HomeState> {
  const title = heading("h1", `Signed in as ${user}`);
  const until = h("span", {});
  const signOut = button("Sign out", { kind: "plain", press: actions.signOut });
  const signOutText = signOut.querySelector("span")!;
  const node = h(
    "div",
    { class: "flow" },
    title,
    h(
      "dl",
      { class: "details" },
      detail("Cluster", view.clusterName),
      detail("Session ends", until),
    ),
    h("h2", {}, "On a machine without your key"),
    h("p", {}, "Run a command with ", h("code", {}, "--headless"), ":"),
    command(`tsh ls --headless --proxy=${view.proxyAddress} --user=${user}`),
    h(
      "p",
      {},
      "It prints a link. Open the link in this browser, check who asks and from where, and approve it with your security key.",
    ),
    h("div", { class: "actions" }, signOut),
  );
  return {
    node,
    focus: title,
    update(state): void {
      if (state.screen !== "home") return;
      const left = durationWords(state.expiresAtMs - state.nowMs);
      setText(until, `at ${clockWords(state.expiresAtMs, { seconds: false })}, in ${left}`);
      setBlocked(signOut, state.signingOut);
      setText(signOutText, state.signingOut ? "Signing out …" : "Sign out");
    },
  };
}
