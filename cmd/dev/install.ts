/**
 * `deno task install [--dir DIR] [--uninstall]`: puts `tsh`, `tctl` and `teleport` on the PATH.
 *
 * Each is a small script that runs this checkout with the Deno that runs now. A Deno that came from `npx` lives in npm's
 * cache, which npm may empty; it is copied to `~/.local/lib/latchkey` first, so that they keep working.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TOOLS = ["tsh", "tctl", "teleport"] as const;
const MARK = "# made by latchkey's `deno task install`";

/** A script for /bin/sh that runs one tool. Paths may hold any character. */
export function shimScript(tool: string, deno: string, mainModule: string): string {
  const quote = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;
  return `#!/bin/sh\n${MARK}\n` +
    `exec ${quote(deno)} run --quiet --allow-all --no-check ${quote(mainModule)} ${tool} "$@"\n`;
}

/** Whether this Deno may vanish when a package cache is emptied. */
export function livesInCache(execPath: string): boolean {
  return /[\\/](_npx|_cacache|\.npm|npm-cache)[\\/]/.test(execPath);
}

/** The first folder of the PATH that a person would expect a tool in, or the usual one. */
export function chooseFolder(path: string, home: string, isRoot: boolean): string {
  const folders = path.split(":");
  const candidates = [
    join(home, ".local/bin"),
    join(home, ".deno/bin"),
    ...(isRoot ? ["/usr/local/bin"] : []),
  ];
  return candidates.find((folder) => folders.includes(folder)) ?? candidates[0]!;
}

async function writeScript(path: string, text: string): Promise<void> {
  const existing = await Deno.readTextFile(path).catch(() => undefined);
  if (existing !== undefined && !existing.includes(MARK)) {
    throw new Error(`${path} exists and is not ours; remove it or choose another --dir`);
  }
  const scratch = `${path}.new`;
  await Deno.writeTextFile(scratch, text, { mode: 0o755 });
  await Deno.chmod(scratch, 0o755);
  await Deno.rename(scratch, path);
}

/** Where a Deno that may vanish is kept; not `~/.local/share/latchkey`, which is the cluster's data directory. */
const RUNTIME_FOLDER = ".local/lib/latchkey";

async function keepDeno(home: string): Promise<string> {
  const here = Deno.execPath();
  if (!livesInCache(here)) return here;
  const folder = join(home, RUNTIME_FOLDER);
  await Deno.mkdir(folder, { recursive: true });
  const kept = join(folder, `deno-${Deno.version.deno}`);
  await Deno.copyFile(await Deno.realPath(here), `${kept}.new`);
  await Deno.chmod(`${kept}.new`, 0o755);
  await Deno.rename(`${kept}.new`, kept);
  return kept;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { dir: { type: "string" }, uninstall: { type: "boolean", default: false } },
  });
  if (Deno.build.os === "windows") {
    throw new Error("on Windows use the binary that `deno task compile` makes");
  }
  const home = Deno.env.get("HOME");
  if (!home) throw new Error("HOME is not set; name a folder with --dir");
  const path = Deno.env.get("PATH") ?? "";
  const folder = values.dir ?? chooseFolder(path, home, Deno.uid() === 0);
  if (values.uninstall) {
    for (const tool of TOOLS) {
      const script = join(folder, tool);
      const text = await Deno.readTextFile(script).catch(() => "");
      if (text.includes(MARK)) await Deno.remove(script);
    }
    console.log(`removed tsh, tctl and teleport from ${folder}`);
    return 0;
  }
  await Deno.mkdir(folder, { recursive: true });
  const mainModule = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "main.ts");
  // Fetches every package now, so that the first command does not.
  const cached = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", mainModule],
    stdin: "null",
  }).spawn().status;
  if (!cached.success) return 1;
  const deno = await keepDeno(home);
  for (const tool of TOOLS) {
    await writeScript(join(folder, tool), shimScript(tool, deno, mainModule));
  }
  console.log(
    `installed tsh, tctl and teleport in ${folder}; they run ${dirname(mainModule)}, so keep it`,
  );
  if (!path.split(":").includes(folder)) {
    console.log(`${folder} is not on your PATH; add it:\n  export PATH="${folder}:$PATH"`);
  }
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(`ERROR: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
