/**
 * What sshd's configuration says for some people only. `sshd -T` does not tell: it would have to be asked for each user, address
 * and port.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { messageOf, ToolError } from "../../errors/mod.ts";

/** Where sshd looks for files that are not named in full. */
const SSHD_FOLDER = "/etc/ssh";
/** How deep files may include others; sshd's own limit. */
const MAX_DEPTH = 16;
/** Largest file that is read. */
const MAX_BYTES = 1024 * 1024;
/** Keywords that take a decision from the node, in lower case. */
const DECIDING = /^(authorizedprincipals\w*|trustedusercakeys)$/;

/** A line of a configuration. */
export interface ConfigLine {
  /** Path of the file that it is in. */
  file: string;
  /** From 1. */
  line: number;
  /** Without white space around it. */
  text: string;
}

/**
 * Finds the first line in a Match block, in `config` or what that includes, that decides instead of the node who may log in.
 *
 * @param config Path of sshd's configuration, which sshd has found to be right.
 * @throws {ToolError} `bad_parameter` when a file cannot be read.
 */
export function findDecidingMatch(config: string): Promise<ConfigLine | undefined> {
  return find(config, { isInMatch: false, depth: 0 });
}

async function find(
  file: string,
  { isInMatch, depth }: { isInMatch: boolean; depth: number },
): Promise<ConfigLine | undefined> {
  // A block ends with its file, but goes on in the files that it includes.
  for (const [index, text] of (await read(file)).split("\n").entries()) {
    const { keyword, rest } = parseLine(text);
    if (keyword === "match") isInMatch = true;
    if (isInMatch && DECIDING.test(keyword)) return { file, line: index + 1, text: text.trim() };
    if (keyword !== "include" || depth >= MAX_DEPTH) continue;
    for (const pattern of words(rest)) {
      for (
        const path of await expand(join("/", pattern.startsWith("/") ? "" : SSHD_FOLDER, pattern))
      ) {
        const found = await find(path, { isInMatch, depth: depth + 1 });
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

/** A keyword, which sshd takes in any case, with quotes anywhere and an equals sign before or after it, and what follows. */
function parseLine(line: string): { keyword: string; rest: string } {
  const [, keyword = "", rest = ""] = /^[\s=]*((?:\w|")+)[\s=]*(.*)$/s.exec(line) ?? [];
  return { keyword: keyword.replaceAll('"', "").toLowerCase(), rest };
}

/** The words of a line, without quotes and backslashes. */
function words(text: string): string[] {
  const found = text.match(/(?:\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s"'\\])+/g) ?? [];
  return found.map((word) =>
    word.replace(/\\(["'\\ ])|["']/g, (_all, escaped?: string) => escaped ?? "")
  );
}

/** Files that fit a pattern of glob(7), in its order, and maybe some more: any character is taken for one in brackets. */
async function expand(pattern: string): Promise<string[]> {
  if (pattern === "/") return [pattern];
  const name = pattern.slice(dirname(pattern).length).replace(/^\//, "");
  const found: string[] = [];
  for (const folder of await expand(dirname(pattern))) {
    if (!/[*?[\\]/.test(name)) {
      const path = join(folder, name);
      if (await Deno.lstat(path).then(() => true, () => false)) found.push(path);
      continue;
    }
    const fits = globToRegExp(name);
    try {
      for await (const entry of Deno.readDir(folder)) {
        if (fits.test(entry.name)) found.push(join(folder, entry.name));
      }
    } catch { /* no directory, so nothing fits */ }
  }
  return found.sort();
}

function globToRegExp(glob: string): RegExp {
  const source = glob.replace(
    /\\(.)|\[[!^]?\]?(?:\[:\w+:\]|[^\]])*\]|[\s\S]/g,
    (part, escaped?: string) => {
      if (part === "*") return ".*";
      if (part === "?" || part.length > 2) return ".";
      return (escaped ?? part).replace(/[^\w]/, "\\$&");
    },
  );
  // Wildcards do not find what is hidden.
  return new RegExp(`^${glob.startsWith(".") ? "" : "(?!\\.)"}${source}$`, "s");
}

async function read(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_BYTES) throw new Error("it is too large");
    return await Deno.readTextFile(path);
  } catch (cause) {
    // sshd passes over links that lead nowhere.
    if (cause instanceof Deno.errors.NotFound) return "";
    throw new ToolError("bad_parameter", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}
