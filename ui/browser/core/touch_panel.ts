import { announce } from "./announcer.ts";
import { h, setText } from "./dom.ts";
import { keyPicture } from "./icons.ts";
import { button, heading } from "./parts.ts";

/** How far a ceremony with the security key has come. */
export type KeyPhase = "preparing" | "touching" | "sending";

/** The panel that stands while the key is awaited. */
export interface TouchPanel {
  readonly node: HTMLElement;
  readonly focus: HTMLElement;
  show(phase: KeyPhase): void;
}

/** Makes the panel: what to touch, what the browser may ask, and how to stop. */
export function touchPanel(
  { words, stop, more = [] }: {
    /** What touching does, for instance "Touching it approves the command". */
    words: string;
    stop: () => void;
    /** Further buttons beside "Stop waiting". */
    more?: HTMLElement[];
  },
): TouchPanel {
  const title = heading("h2", "");
  const text = h("p", {});
  const stopButton = button("Stop waiting", { kind: "plain", press: stop });
  const node = h(
    "section",
    { class: "touch" },
    keyPicture(),
    title,
    text,
    h("div", { class: "actions" }, stopButton, ...more),
  );
  return {
    node,
    focus: title,
    show(phase): void {
      if (node.dataset.phase === phase) return;
      // The panel's own appearance is heard because its heading takes the focus; what changes later must be said.
      if (node.dataset.phase !== undefined) announce(`${TITLES[phase]}.`);
      node.dataset.phase = phase;
      setText(title, TITLES[phase]);
      setText(
        text,
        phase === "touching"
          ? `Plug it in or hold it ready, then touch it. Your browser may ask for its PIN first. ${words}`
          : phase === "preparing"
          ? "The cluster is asked for a challenge."
          : "The key has answered. The cluster checks it.",
      );
      // Once the answer is on its way there is nothing left to stop.
      stopButton.hidden = phase === "sending";
    },
  };
}

const TITLES: Record<KeyPhase, string> = {
  preparing: "One moment …",
  touching: "Touch your security key",
  sending: "One moment …",
};
