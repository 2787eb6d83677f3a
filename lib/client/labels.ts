/**
 * What a person types to choose nodes: `key=value,other="with, comma"`, and words to search for.
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";

/**
 * Reads labels: pairs `key=value` with `,` or `;` between them. Quotes (`"`) around a key or value keep its separators;
 * blanks around it do not count.
 *
 * @throws {ToolError} `usage` when a part is no pair, or quotes stay open.
 */
export function parseLabels(text: string): Record<string, string> {
  const refuse = (why: string): never => {
    throw new ToolError("usage", `cannot read labels "${text}": ${why}`, {
      hint: "Labels are written key=value, several with commas: env=prod,arch=x86_64",
    });
  };
  const labels = new Map<string, string>();
  for (const part of split(text, ",;") ?? refuse("a quote stays open")) {
    if (part.trim() === "") continue;
    const [key, value, more] = (split(part, "=") ?? []).map(unquote);
    if (value === undefined || more !== undefined) refuse(`"${part.trim()}" is not key=value`);
    if (key === "") refuse("a key is empty");
    if (labels.has(key!)) refuse(`the key "${key}" stands there twice`);
    labels.set(key!, value!);
  }
  return Object.fromEntries(labels);
}

/**
 * Reads words to search for: `foo,bar,"some phrase"`.
 *
 * @throws {ToolError} `usage` when quotes stay open.
 */
export function parseSearchKeywords(text: string): string[] {
  const parts = split(text, ",");
  if (parts === undefined) {
    throw new ToolError("usage", `cannot read search words "${text}": a quote stays open`);
  }
  return parts.map(unquote).filter((word) => word !== "");
}

/** Cuts at each of `separators` outside quotes; `undefined` when a quote stays open. */
function split(text: string, separators: string): string[] | undefined {
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (!quoted && separators.includes(character)) {
      parts.push(part);
      part = "";
    } else {
      part += character;
    }
  }
  if (quoted) return undefined;
  return [...parts, part];
}

function unquote(part: string): string {
  return part.trim().replace(/^"(.*)"$/s, "$1").trim();
}
