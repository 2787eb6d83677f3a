/**
 * `deno task bench [NAME…]`: measures, and prints figures beside what they are in proportion to.
 *
 * Each bench is a module that exports `run(): Promise<Line[]>`; it runs in a process of its own, one after the other.
 * Nothing here passes or fails: machines differ, ratios in one run speak.
 *
 * @module
 */

import { layOut, type Line } from "./figures.ts";

const BENCHES: Record<string, string> = {
  tsh: "the commands, as processes",
  memory: "what locking memory costs a command that waits",
  ssh: "sessions and copies on a node of the embedded cluster",
  node: "a node's decision at each login",
  assertions: "WebAuthn assertions",
  headless: "10,000 waiting requests and 10,000 nodes",
};

async function runBench(name: string): Promise<boolean> {
  const code = `const { run } = await import(${JSON.stringify(`./tests/bench/${name}.ts`)});
console.log(JSON.stringify(await run()));`;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--expose-gc", code],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) return false;
  const lines: Line[] = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
  console.log(`\n${name}: ${BENCHES[name]}\n${layOut(lines)}`);
  return true;
}

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(BENCHES);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(
    `no bench named ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`,
  );
  Deno.exit(2);
}
let failed = 0;
for (const name of wanted) if (!await runBench(name)) failed++;
Deno.exit(failed === 0 ? 0 : 1);
