import { setText } from "./dom.ts";

/** Long enough to be picked up, short enough that nobody who reads on finds words that are no longer true. */
const STAYS_MS = 5_000;

/** Says something to people who listen to the page, without moving their focus. Politely: after what is being read. */
export function announce(words: string): void {
  const region = document.getElementById("announcer");
  if (region === null) return;
  setText(region, words);
  setTimeout(() => {
    if (region.textContent === words) setText(region, "");
  }, STAYS_MS);
}

/** Takes back what was said last: something else has the focus now and speaks for itself. */
export function hush(): void {
  const region = document.getElementById("announcer");
  if (region !== null) setText(region, "");
}
