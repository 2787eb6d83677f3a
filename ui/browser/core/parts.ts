import { h, isBlocked } from "./dom.ts";
import { icon, type IconName } from "./icons.ts";
import { nothing, type Part, Region } from "./region.ts";
import type { Words } from "../words/words.ts";

/** A heading that can take the focus when it appears. */
export function heading(level: "h1" | "h2", text: string): HTMLHeadingElement {
  return h(level, { tabindex: "-1" }, text);
}

/** Something that went wrong: what, and what to do. Takes the focus. */
export function problemBox(problem: Words): HTMLElement {
  return h(
    "div",
    { class: "notice notice-problem", tabindex: "-1", role: "group", "aria-label": "Problem" },
    icon("warning"),
    h(
      "div",
      {},
      h("p", { class: "notice-title" }, problem.said),
      problem.next !== "" && h("p", {}, problem.next),
    ),
  );
}

/** The place for a page's problem, above what it is about. */
export function problemRegion<S>(problemOf: (state: S) => Words | undefined): Region<S> {
  let shown: Words | undefined;
  let count = 0;
  return new Region<S>(
    (state) => {
      // The same words twice are two problems: the second must be heard as well.
      const problem = problemOf(state);
      if (problem !== shown) {
        shown = problem;
        count++;
      }
      return problem === undefined ? "" : String(count);
    },
    (state) => {
      const problem = problemOf(state);
      if (problem === undefined) return nothing();
      const box = problemBox(problem);
      return { node: box, focus: box };
    },
  );
}

/** A screen with a picture, a heading and paragraphs: an outcome or a dead end's way out. */
export function statement<S>(
  { picture, tone, title, body }: {
    picture: IconName;
    tone: "good" | "plain" | "problem";
    title: string;
    body: (Node | string)[];
  },
): Part<S> {
  const head = heading("h1", title.replace(/\.$/, ""));
  const paragraphs = body.map((item) => typeof item === "string" ? h("p", {}, item) : item);
  const node = h(
    "div",
    { class: `statement statement-${tone}` },
    h("div", { class: "medallion" }, icon(picture)),
    head,
    ...paragraphs,
  );
  return { node, focus: head };
}

/** The screen of a page whose first question was refused, or reached nobody. */
export function refusedStatement<S>(problem: Words, retry: () => void): Part<S> {
  return statement({
    picture: "unplugged",
    tone: "problem",
    title: problem.said,
    body: [
      problem.next,
      h("div", { class: "actions" }, button("Try again", { kind: "primary", press: retry })),
    ],
  });
}

/** A button. Does nothing while it is blocked. */
export function button(
  text: string,
  { kind, press }: { kind: "primary" | "danger" | "plain"; press: () => void },
): HTMLButtonElement {
  const control = h(
    "button",
    { type: "button", class: `button button-${kind}` },
    h("span", {}, text),
  );
  control.addEventListener("click", () => {
    if (!isBlocked(control)) press();
  });
  return control;
}

/** One line of a definition list. */
export function detail(term: string, ...value: (Node | string)[]): HTMLElement {
  return h("div", { class: "detail" }, h("dt", {}, term), h("dd", {}, ...value));
}

/** A command as a person types it; a long one breaks between its words, not after a hyphen. */
export function command(text: string): HTMLElement {
  const words = text.split(" ").flatMap((word, index) => [
    index > 0 && " ",
    h("span", { class: "word" }, word),
  ]);
  return h("pre", { class: "command" }, h("code", {}, ...words));
}

/** The id shortened in the middle, and the whole of it one press away, for comparing with the terminal. */
export function requestId(id: string): HTMLElement {
  if (id.length <= 20) return h("code", {}, id);
  return h(
    "details",
    { class: "id" },
    h(
      "summary",
      {},
      h("code", {}, `${id.slice(0, 8)}…${id.slice(-6)}`),
      h("span", { class: "id-more" }, "Show whole id"),
    ),
    h("code", { class: "id-whole" }, id),
  );
}
