import { hush } from "./announcer.ts";
import { h } from "./dom.ts";
import type { Store } from "./store.ts";

/** A piece of a page that has been built. */
export interface Part<S> {
  readonly node: Node;
  /** Brings the piece up to date; also called once after it was built. */
  update?(state: S): void;
  /** What to focus when the piece appears: its heading, or the problem that it tells. */
  readonly focus?: HTMLElement;
}

/** A piece with nothing in it. */
export function nothing<S>(): Part<S> {
  return { node: document.createDocumentFragment() };
}

/**
 * A place on a page. What stands there is built anew when its key changes and updated in place otherwise: what a person
 * has typed or selected stays, and focus moves only when something else appears.
 */
export class Region<S> {
  readonly node: HTMLElement = h("div", { class: "region" });
  readonly #keyOf: (state: S) => string;
  readonly #build: (state: S) => Part<S>;
  #key: string | undefined;
  #part: Part<S> | undefined;

  constructor(keyOf: (state: S) => string, build: (state: S) => Part<S>) {
    this.#keyOf = keyOf;
    this.#build = build;
  }

  /** Draws `state`; gives back what wants the focus now, if anything. */
  render(state: S): HTMLElement | undefined {
    const key = this.#keyOf(state);
    const appears = key !== this.#key;
    if (appears || this.#part === undefined) {
      this.#key = key;
      this.#part = this.#build(state);
      this.node.replaceChildren(this.#part.node);
    }
    this.#part.update?.(state);
    return appears ? this.#part.focus : undefined;
  }
}

/**
 * Draws a page from top to bottom, now and after each change.
 *
 * Focus goes to the last region that asks for it. Where focus would be lost with what was removed, it goes to the
 * element marked `data-rest`, or to the page's heading.
 */
export function mount<S, E>(root: HTMLElement, store: Store<S, E>, regions: Region<S>[]): void {
  root.replaceChildren(...regions.map((region) => region.node));
  const render = (state: S): void => {
    const hadFocus = root.contains(document.activeElement);
    let wish: HTMLElement | undefined;
    for (const region of regions) wish = region.render(state) ?? wish;
    if (wish === undefined && hadFocus && !isVisiblyFocused(root)) {
      wish = root.querySelector<HTMLElement>("[data-rest]") ?? root.querySelector("h1") ??
        undefined;
    }
    if (wish === undefined) return;
    hush();
    wish.focus();
  };
  store.subscribe(render);
  render(store.state);
}

function isVisiblyFocused(root: HTMLElement): boolean {
  const focused = document.activeElement;
  return focused !== null && root.contains(focused) && focused.getClientRects().length > 0;
}
