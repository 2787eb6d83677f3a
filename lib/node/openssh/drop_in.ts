/**
 * Our lines in the configuration of a machine's own sshd. Of two values for a keyword sshd takes the first, so ours come first:
 * in a file of the directory that the configuration includes, as Debian's and Red Hat's do, or else by a line `Include` that is
 * put at its very beginning.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { messageOf, ToolError } from "../../errors/mod.ts";

/** Name of the file in an included directory; sorts before what others put there. */
const DROP_IN_NAME = "00-latchkey.conf";
/** Where sshd looks for files that are not named in full. */
const SSHD_FOLDER = "/etc/ssh";
/** Largest configuration that is read. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** A change of the configuration that can be undone. */
export interface AppliedDropIn {
  /** The file that holds our lines. */
  path: string;
  /** Puts everything back as it was. */
  undo(): Promise<void>;
}

/**
 * Directory in which files `*.conf` are included before anything is decided by a Match block; `undefined` when there is none.
 */
export function includedDirectory(config: string): string | undefined {
  for (const line of config.split("\n")) {
    const [, keyword = "", rest = ""] = /^\s*(\w+)[\s=]+(.*)$/.exec(line) ?? [];
    if (/^match$/i.test(keyword)) return undefined;
    if (!/^include$/i.test(keyword)) continue;
    for (const [, quoted, bare] of rest.matchAll(/"([^"]*)"|(\S+)/g)) {
      const pattern = quoted ?? bare!;
      const path = pattern.startsWith("/") ? pattern : join(SSHD_FOLDER, pattern);
      if (path.endsWith("/*.conf") && !dirname(path).includes("*")) return dirname(path);
    }
  }
  return undefined;
}

/**
 * Puts `lines` where `config` includes them.
 *
 * @param config Path of sshd's configuration.
 * @param fallback Where to put the file when the configuration includes no directory.
 */
export async function applyDropIn(
  config: string,
  { lines, fallback }: { lines: string; fallback: string },
): Promise<AppliedDropIn> {
  const before = await readConfig(config);
  const directory = includedDirectory(before);
  const isThere = directory !== undefined &&
    await Deno.stat(directory).then(({ isDirectory }) => isDirectory, () => false);
  const path = isThere ? join(directory, DROP_IN_NAME) : fallback;
  if (isThere && await Deno.lstat(path).then(() => true, () => false)) {
    throw new ToolError("already_exists", `${path} exists already`, {
      hint: "This machine has joined a cluster before. Remove the file to join anew.",
    });
  }
  await replace(path, lines, 0o600);
  if (isThere) return { path, undo: () => Deno.remove(path) };
  try {
    await replace(config, `Include "${path}"\n${before}`);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    async undo() {
      // Whatever others have written meanwhile stays.
      const now = await readConfig(config);
      await replace(config, now.replace(`Include "${path}"\n`, ""));
      await Deno.remove(path);
    },
  };
}

async function readConfig(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_CONFIG_BYTES) throw new Error("it is too large");
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new ToolError("bad_parameter", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Writes a file in one step; one that exists keeps its mode and owner. */
async function replace(path: string, text: string, mode?: number): Promise<void> {
  // A link, as configuration managers make them, stays one.
  const real = await Deno.realPath(path).catch(() => path);
  const old = await Deno.stat(real).catch(() => undefined);
  const temporary = `${real}.latchkey-new`;
  try {
    await Deno.writeTextFile(temporary, text);
    await Deno.chmod(temporary, mode ?? (old?.mode ?? 0o644) & 0o7777);
    if (old !== undefined) await Deno.chown(temporary, old.uid, old.gid);
    await Deno.rename(temporary, real);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw new ToolError("internal", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
