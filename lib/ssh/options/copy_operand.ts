import { ToolError } from "../../errors/mod.ts";
import { type Destination, parseDestination } from "./destination.ts";

/** One place of a copy. */
export type CopyOperand =
  | { kind: "local"; path: string }
  | { kind: "remote"; destination: Destination; path: string };

/**
 * Reads a place as scp does: `[login@]host:path` where a colon comes before any slash, otherwise a local path. A local name
 * with a colon is written with its folder, `./a:b`; an IPv6 address in brackets, `[2001:db8::1]:path`.
 *
 * @throws {ToolError} `usage` when it is empty or names no host.
 */
export function parseCopyOperand(text: string): CopyOperand {
  if (text === "") throw new ToolError("usage", "the name of a file to copy is empty");
  if (text.includes("\0")) throw new ToolError("usage", "a file name holds a zero byte");
  const colon = hostEnd(text);
  if (colon === undefined) return { kind: "local", path: text };
  return {
    kind: "remote",
    destination: parseDestination(text.slice(0, colon).replace(/^([^[]*)\[([^\]]+)\]$/, "$1$2")),
    path: text.slice(colon + 1),
  };
}

/** Where the host ends; a colon in front belongs to a file name. */
function hostEnd(text: string): number | undefined {
  const bracketed = /^(?:[^/:[\]]*@)?\[[^\]/]+\]:/.exec(text);
  if (bracketed !== null) return bracketed[0].length - 1;
  const match = /^[^/:]+:/.exec(text);
  return match === null ? undefined : match[0].length - 1;
}

/** A local path that scp takes for nothing else: neither for a flag nor for a place on another host. */
export function localArgument(path: string): string {
  return path.startsWith("-") || hostEnd(path) !== undefined || path.startsWith(":")
    ? `./${path}`
    : path;
}
