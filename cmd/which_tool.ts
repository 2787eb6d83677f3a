import type { Deps } from "../lib/deps/mod.ts";

/** Names of the tools in this program. */
export const TOOL_NAMES = ["tsh", "tctl", "teleport"] as const;

/** One of the tools. */
export type ToolName = typeof TOOL_NAMES[number];

/**
 * The modules that hold the tools, as main.ts imports them; each exports a function of the tool's name that makes the
 * commander program. `deno compile` has to be told of them.
 */
export const TOOL_MODULES: Readonly<Record<ToolName, string>> = {
  tsh: "./cmd/tsh/mod.ts",
  tctl: "./cmd/tctl/mod.ts",
  teleport: "./cmd/teleport/mod.ts",
};

/** A module that runs as a process of its own, started by other programs; it must start fast. */
export interface HelperModule {
  /** Runs to its end and gives the exit status. */
  runAsProgram(args: readonly string[], deps: Deps): Promise<number>;
}

/**
 * First words that make a compiled program one of its helpers, and their modules. No person types them; from source the
 * helpers have main modules of their own.
 */
export const HELPER_MODULES: Readonly<Record<string, string>> = {
  "node-principals": "./lib/node/principals/mod.ts",
  "ssh-proxy-command": "./lib/ssh/proxy_command/mod.ts",
};

/**
 * Which tool is meant, and what is left of the command line for it.
 *
 * Called as `tctl` or `teleport` (a link, a copy, argv[0]) it is that tool. Otherwise a first word that is a tool's name
 * chooses, and is not part of the tool's arguments; without one it is tsh.
 *
 * @param calledAs argv[0]: a path or a name, with or without `.exe`.
 */
export function whichTool(
  calledAs: string,
  args: readonly string[],
): { tool: ToolName; args: readonly string[] } {
  const base = calledAs.split(/[\\/]/).at(-1)!.replace(/\.exe$/i, "");
  if (base === "tctl" || base === "teleport") return { tool: base, args };
  const first = TOOL_NAMES.find((name) => name === args[0]);
  return first === undefined ? { tool: "tsh", args } : { tool: first, args: args.slice(1) };
}
