import { svg } from "./dom.ts";

/** Line drawings on a grid of 24, in the text's colour. */
const PATHS = {
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6.5 6.5l11 11", "M17.5 6.5l-11 11"],
  clock: ["M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17Z", "M12 7.5V12l3 2"],
  unplugged: ["M3 12h5", "M8 8v8", "M16 8v8", "M16 12h5", "M11 5.5l2-2.5", "M11 21l2-2.5"],
  question: [
    "M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1-1.4 2.1",
    "M12 17.2v.1",
    "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18Z",
  ],
  warning: ["M12 4L2.8 19.5h18.4Z", "M12 10v4.5", "M12 17v.1"],
  envelope: ["M3.5 6h17v12h-17Z", "M3.5 7l8.5 6.5L20.5 7"],
  key: ["M3 9h11v6H3Z", "M14 10h6v4h-6", "M8.5 12v.1"],
} as const;

/** Name of a drawing. */
export type IconName = keyof typeof PATHS;

/** A drawing beside words that say the same. */
export function icon(name: IconName): SVGElement {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    ...PATHS[name].map((d) => svg("path", { d })),
  );
}

/** A security key with the place to touch; the ring around it breathes where motion is wanted. */
export function keyPicture(): SVGElement {
  return svg(
    "svg",
    { class: "key-picture", viewBox: "0 0 120 56", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: "key-body", x: "4", y: "8", width: "78", height: "40", rx: "9" }),
    svg("rect", { class: "key-plug", x: "82", y: "15", width: "32", height: "26", rx: "2" }),
    svg("path", { class: "key-plug", d: "M92 22h12M92 28h12M92 34h12" }),
    svg("circle", { class: "key-ring", cx: "46", cy: "28", r: "14" }),
    svg("circle", { class: "key-disc", cx: "46", cy: "28", r: "9" }),
    svg("circle", { class: "key-hole", cx: "14", cy: "28", r: "3.5" }),
  );
}
