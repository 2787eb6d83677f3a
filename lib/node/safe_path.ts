import { dirname, join } from "node:path";
import { messageOf, ToolError } from "../errors/mod.ts";

/** Bits of a mode: who may write, and that files are renamed and removed by their owners only. */
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** Links that are followed before a path counts as endless. */
const MAX_LINKS = 40;

/**
 * Makes sure that nobody but root can put another directory, or other files, where `path` leads: every directory from `/` on, and
 * every link on the way, is root's, and no group and no others can write to it. Above `path` a sticky directory as /tmp is good
 * enough, as what lies in it has to be root's, too.
 *
 * What is missing yet is not looked at, so ask again when it has been made. Without root nothing is checked: there is nothing to win.
 *
 * @param path Absolute.
 * @throws {ToolError} `access_denied`, naming what is not root's alone.
 */
export async function requireRootsOwn(path: string): Promise<void> {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return;
  const names = path.split("/").filter(isName);
  let current = "/";
  let links = 0;
  check(current, await Deno.lstat(current), { isLast: names.length === 0, path });
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === "..") {
      current = dirname(current);
      continue;
    }
    const next = join(current, name);
    const info = await lstat(next);
    if (info === undefined) return;
    if (!info.isSymlink) {
      check(next, info, { isLast: names.length === 0, path });
      current = next;
      continue;
    }
    if (info.uid !== 0) refuse(next, info, path);
    if (++links > MAX_LINKS) {
      throw new ToolError("bad_parameter", `too many symbolic links in ${path}`);
    }
    const target = await Deno.readLink(next);
    names.unshift(...target.split("/").filter(isName));
    if (target.startsWith("/")) current = "/";
  }
}

function isName(name: string): boolean {
  return name !== "" && name !== ".";
}

/** `undefined` for what is not there. */
async function lstat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new ToolError("internal", `cannot look at ${path}: ${messageOf(cause)}`, { cause });
  }
}

function check(
  at: string,
  info: Deno.FileInfo,
  { isLast, path }: { isLast: boolean; path: string },
): void {
  const mode = info.mode ?? 0;
  const isClosed = (mode & OTHERS_WRITE) === 0 || (!isLast && (mode & STICKY) !== 0);
  if (info.uid !== 0 || !isClosed) refuse(at, info, path);
}

function refuse(at: string, { uid, mode }: Deno.FileInfo, path: string): never {
  const bits = ((mode ?? 0) & 0o7777).toString(8).padStart(4, "0");
  throw new ToolError(
    "access_denied",
    `${path} is no safe place for a node: ${at} belongs to uid ${uid} with mode ${bits}, ` +
      "so that others than root could change who may log in",
    {
      hint:
        "Use a directory below ones that only root can write to, with --data-dir or data_dir, " +
        `or change that one: chown root ${at} && chmod go-w ${at}`,
    },
  );
}
