/**
 * `deno task generate:proto [--check]`: makes lib/wire/gen from lib/wire/proto with buf and protoc-gen-es, both from npm.
 *
 * With `--check` nothing in the tree is written, and a file there that is not what would be made is an error.
 *
 * @module
 */

const BUF = "npm:@bufbuild/buf@1.74.0";
const PLUGIN = "npm:@bufbuild/protoc-gen-es@2.17.0";

const PROTO = new URL("../../lib/wire/proto/", import.meta.url);
const GEN = new URL("../../lib/wire/gen/", import.meta.url);

/** Runs buf in lib/wire/proto. */
async function buf(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "-A", BUF, ...args],
    cwd: PROTO,
    stdin: "null",
  }).spawn().status;
  return success;
}

/** Name → content of the generated files in `directory`. */
async function contents(directory: string | URL): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  try {
    for await (const entry of Deno.readDir(directory)) {
      const base = directory instanceof URL ? directory.pathname : directory;
      files.set(entry.name, await Deno.readTextFile(`${base}/${entry.name}`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}

async function main(check: boolean): Promise<number> {
  const made = await Deno.makeTempDir({ prefix: "latchkey-proto-" });
  try {
    const plugin = [Deno.execPath(), "run", "--quiet", "--no-config", "-A", PLUGIN];
    const template = {
      version: "v2",
      plugins: [{ local: plugin, out: made, opt: ["target=ts", "import_extension=ts"] }],
    };
    if (!await buf("lint")) return 1;
    if (!await buf("generate", "--template", JSON.stringify(template))) return 1;

    const [want, have] = [await contents(made), await contents(GEN)];
    const names = [...new Set([...want.keys(), ...have.keys()])].sort();
    const stale = names.filter((name) => want.get(name) !== have.get(name));
    if (check) {
      for (const name of stale) {
        console.error(`lib/wire/gen/${name} is out of date: run deno task generate`);
      }
      return stale.length === 0 ? 0 : 1;
    }
    await Deno.mkdir(GEN, { recursive: true });
    for (const name of stale) {
      const text = want.get(name);
      if (text === undefined) await Deno.remove(new URL(name, GEN));
      else await Deno.writeTextFile(new URL(name, GEN), text);
    }
    return 0;
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

Deno.exit(await main(Deno.args.includes("--check")));
