import type { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import type { Context } from "./context.ts";
import { readSharedFlags } from "./flags.ts";

/** Connects to the cluster that `command`'s flags mean, runs, and hangs up. What it takes is loaded only now. */
export async function runWithAdmin(
  command: Command,
  deps: Deps,
  run: (context: Context) => Promise<void>,
): Promise<void> {
  const { connectTo } = await import("./connect.ts");
  await using admin = await connectTo(readSharedFlags(command, deps.env), deps);
  await run({ admin, clock: deps.clock, random: deps.random, terminal: deps.terminal });
}
