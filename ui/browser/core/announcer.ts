import { setText } from "./dom.ts";

/** Says something to people who listen to the page, without moving their focus. Politely: after what is being read. */
export function announce(words: string): void {
  const region = document.getElementById("announcer");
  if (region !== null) setText(region, words);
}
