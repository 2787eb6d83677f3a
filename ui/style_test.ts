/** The contrast of every pair of colours that the stylesheet sets on one another (WCAG 2.2 §1.4.3 and §1.4.11). */

import assert from "node:assert/strict";
import style from "./style.css" with { type: "text" };

/** `#rrggbb` custom properties of a `:root` block. */
function properties(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]),
  );
}

const [light, dark] = [...style.matchAll(/:root\s*\{([^}]*)\}/g)].map((match) =>
  properties(match[1]!)
);
const SCHEMES = [
  { name: "light", colours: light! },
  { name: "dark", colours: new Map([...light!, ...dark!]) },
];

/** Text on its ground: at least 4.5. */
const TEXT: [string, string][] = [
  ["ink", "paper"],
  ["ink", "surface"],
  ["ink-soft", "paper"],
  ["ink-soft", "surface"],
  ["ink-soft", "accent-wash"],
  ["accent", "surface"],
  ["accent", "paper"],
  ["accent-strong", "surface"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["ink", "accent-wash"],
  ["accent", "accent-wash"],
  ["danger", "surface"],
  ["danger", "danger-wash"],
  ["ink", "danger-wash"],
  ["on-danger", "danger"],
  ["warn", "warn-wash"],
  ["ink", "warn-wash"],
];

/** Edges of controls, drawings that mean something and the focus ring: at least 3. */
const EDGES: [string, string][] = [
  ["line-strong", "surface"],
  ["line-strong", "accent-wash"],
  ["danger", "surface"],
  ["danger", "accent-wash"],
  ["accent", "accent-wash"],
  ["accent", "surface"],
  ["warn", "surface"],
  ["focus", "surface"],
  ["focus", "paper"],
  ["focus", "accent-wash"],
];

/** Relative luminance (WCAG 2.2, "relative luminance"). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

Deno.test("contrast is computed as WCAG computes it", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#767676", "#ffffff").toFixed(2), "4.54");
});

for (const { name, colours } of SCHEMES) {
  for (const [pairs, least] of [[TEXT, 4.5], [EDGES, 3]] as const) {
    Deno.test(`${name}: ${least === 4.5 ? "text" : "edges"} reach a contrast of ${least}`, () => {
      for (const [front, ground] of pairs) {
        const [a, b] = [colours.get(front), colours.get(ground)];
        assert.ok(a !== undefined && b !== undefined, `${front} on ${ground} is not defined`);
        const ratio = contrast(a, b);
        assert.ok(ratio >= least, `${front} on ${ground}: ${ratio.toFixed(2)}`);
      }
    });
  }
}

Deno.test("both schemes set the same colours", () => {
  assert.deepEqual([...dark!.keys()].sort(), [...light!.keys()].sort());
});

Deno.test("colours are set in one place only", () => {
  const rules = style.replace(/:root\s*\{[^}]*\}/g, "");
  assert.doesNotMatch(rules, /#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(|oklch\(/);
});

Deno.test("nothing moves where motion is not wanted", () => {
  const still = style.replace(
    /@media \(prefers-reduced-motion: no-preference\) \{[\s\S]*?\n\}\n/,
    "",
  ).replace(/animation: appear 0s [^;]*;/, "");
  assert.doesNotMatch(still, /\b(animation|transition)\s*:/);
});
