/**
 * `deno task generate [--check]`: makes every generated file anew, or tells which are out of date.
 *
 * @module
 */

/** Tasks of deno.json that each own some generated files and understand `--check`. */
const GENERATORS = ["generate:proto", "generate:ui"];

let failed = 0;
for (const task of GENERATORS) {
  const status = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", task, ...Deno.args],
    stdin: "null",
  }).spawn().status;
  if (!status.success) failed++;
}
Deno.exit(failed === 0 ? 0 : 1);
