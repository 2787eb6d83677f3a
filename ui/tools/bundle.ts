/**
 * `deno task generate:ui [--check]`: bundles `ui/browser/main.ts` into `ui/dist/app.js`, or with `--check` fails when
 * the committed bundle is not what the sources give.
 *
 * The bundle is committed so that the program runs from a clone without a build step; `ui/mod.ts` embeds it. It is
 * minified for its size, and because a readable one would hold the paths of the machine that made it.
 *
 * @module
 */

const MAIN = new URL("../browser/main.ts", import.meta.url);
const TARGET = new URL("../dist/app.js", import.meta.url);

/** Bundles to a file of its own and gives its text back. */
async function bundle(): Promise<string> {
  const path = await Deno.makeTempFile({ prefix: "latchkey-ui-", suffix: ".js" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform=browser", "--minify", `--output=${path}`, MAIN.href],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`deno bundle failed:\n${new TextDecoder().decode(stderr)}`);
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}

if (import.meta.main) {
  const text = await bundle();
  if (Deno.args.includes("--check")) {
    const committed = await Deno.readTextFile(TARGET).catch(() => "");
    if (committed !== text) {
      console.error("ui/dist/app.js is out of date; run: deno task generate:ui");
      Deno.exit(1);
    }
  } else {
    await Deno.mkdir(new URL("./", TARGET), { recursive: true });
    await Deno.writeTextFile(TARGET, text);
  }
}
