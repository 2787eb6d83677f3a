/**
 * `tsh`, `tctl` and `teleport` in one program. Which of them it is, the name says by which it was called, or else the
 * first word; see {@linkcode whichTool}.
 *
 * @module
 */

import type { Command } from "commander";
import { versionLine } from "./cmd/version.ts";
import {
  HELPER_MODULES,
  type HelperModule,
  TOOL_MODULES,
  type ToolName,
  whichTool,
} from "./cmd/which_tool.ts";
import { type Deps, realDeps } from "./lib/deps/mod.ts";

/** Each tool is loaded when it is called, and only that one: Deno looks at all modules whose names stand in an import. */
async function program(tool: ToolName, deps: Deps): Promise<Command> {
  const module: Record<string, (deps: Deps) => Command> = await import(TOOL_MODULES[tool]);
  return module[tool]!(deps);
}

async function main(deps: Deps): Promise<number> {
  if (whichTool("", Deno.args).args.join(" ") === "version") {
    // All three say the same. Scripts ask for it often, and nothing has to be loaded to tell.
    await deps.terminal.stdout(versionLine());
    return 0;
  }
  const helper = HELPER_MODULES[Deno.args[0] ?? ""];
  if (helper !== undefined) {
    const { runAsProgram }: HelperModule = await import(helper);
    return await runAsProgram(Deno.args.slice(1), deps);
  }
  const { tool, args } = whichTool(globalThis.process.argv0, Deno.args);
  const { runTool } = await import("./cmd/tool.ts");
  return await runTool(await program(tool, deps), args, deps);
}

if (import.meta.main) Deno.exitCode = await main(realDeps());
