import { ToolError } from "../../errors/mod.ts";

/**
 * Whether `labels` have all that `selector` wants: for each of its keys a value that one of its patterns fits. An empty selector
 * fits nothing, `*: *` fits everything.
 *
 * A pattern is a literal or a glob, in which `*` stands for anything. Teleport's regular expressions (`^…$`) are not
 * known here: throws `bad_parameter`, and the caller must take that as a no.
 */
export function matchLabels(
  selector: Readonly<Record<string, readonly string[]>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector);
  if (wanted.length === 0) return false;
  const all = selector["*"];
  if (all?.length === 1 && all[0] === "*") return true;
  // Every pattern is looked at, so that one that is not understood is never overlooked.
  return wanted.map(([key, patterns]) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return patterns.map((pattern) => matchGlob(pattern, value)).includes(true);
  }).every((fits) => fits);
}

function matchGlob(pattern: string, value: string | undefined): boolean {
  if (pattern.startsWith("^") && pattern.endsWith("$")) {
    throw new ToolError("bad_parameter", "regular expressions in node_labels are not supported");
  }
  if (value === undefined) return false;
  const parts = pattern.split("*");
  if (parts.length === 1) return pattern === value;
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  // The leftmost place for each part between leaves most for those after it, so no backtracking is needed.
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= value.length - last.length;
}
