/**
 * `tsh`, `tctl` and `teleport` in one program. Which of them it is, the name says by which it was called, or else the
 * first word; see {@linkcode whichTool}.
 *
 * @module
 */

import type { Command } from "commander";
import { runTool, type ToolName, whichTool } from "./cmd/tool.ts";
import { type Deps, realDeps } from "./lib/deps/mod.ts";

/** Each tool is loaded when it is called. */
async function program(tool: ToolName, deps: Deps): Promise<Command> {
  switch (tool) {
    case "tsh":
      return (await import("./cmd/tsh/mod.ts")).tsh(deps);
    case "tctl":
      return (await import("./cmd/tctl/mod.ts")).tctl(deps);
    case "teleport":
      return (await import("./cmd/teleport/mod.ts")).teleport(deps);
  }
}

if (import.meta.main) {
  const deps = realDeps();
  const { tool, args } = whichTool(globalThis.process.argv0, Deno.args);
  Deno.exitCode = await runTool(await program(tool, deps), args, deps);
}
