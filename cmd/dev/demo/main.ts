/**
 * `deno task demo`: the main job, once, on a cluster of its own.
 *
 *  1. a cluster starts on a free port of this machine, in a folder that is removed at the end;
 *  2. alice is invited and registers a security key;
 *  3. `tsh ls --headless`, a process of its own, prints a link and waits;
 *  4. alice opens the link and approves with her key;
 *  5. the table of servers appears.
 *
 * At a terminal a person is alice. Without one, or with CI=true, a software key is, which the output says; it also shows
 * that a forged signature is refused. Exits 0 only if all of it went that way, and leaves no process and no file.
 *
 * @module
 */

import { Cluster } from "../../../tests/support/cluster.ts";
import { personDemo } from "./person.ts";
import { softwareKeyDemo } from "./software_key.ts";

const interrupted = new AbortController();
const interrupt = () => interrupted.abort();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);

/** Whether somebody is there to touch a key. */
function somebodyIsThere(): boolean {
  const inCi = ["true", "1"].includes((Deno.env.get("CI") ?? "").toLowerCase());
  return !inCi && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

async function main(): Promise<number> {
  console.log("Starting a cluster on this machine …");
  await using cluster = await Cluster.start();
  console.log(`It answers at ${cluster.url}\n`);
  const demo = somebodyIsThere() ? personDemo : softwareKeyDemo;
  await demo(cluster, interrupted.signal);
  return 0;
}

let code: number;
try {
  code = await main();
} catch (error) {
  if (interrupted.signal.aborted) {
    code = 130;
    console.error("\nStopped. The cluster and its files are gone.");
  } else {
    code = 1;
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  }
}
Deno.exit(code);
