import { Argument, type Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";

/** Shells for which there is a completion script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell with a completion script. */
export type Shell = typeof SHELLS[number];

/**
 * Gives a tool `completion <shell>`, which prints a script for the shell, and the hidden `complete -- words…`, which the
 * scripts call at each press of Tab.
 */
export function addCompletionCommands(program: Command, deps: Pick<Deps, "terminal">): void {
  const tool = program.name();
  program.command("completion")
    .description("Print a script that completes commands and flags in your shell.")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .addHelpText("after", `\n${setUp(tool)}`)
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./scripts.ts");
      await deps.terminal.stdout(completionScript(tool, shell));
    });
  program.command("complete", { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { suggest } = await import("./suggest.ts");
      const lines = suggest(program, words).map(({ word, about }) => `${word}\t${about}\n`);
      await deps.terminal.stdout(lines.join(""));
    });
}

function setUp(tool: string): string {
  return [
    "Set up:",
    `  bash:  echo 'source <(${tool} completion bash)' >> ~/.bashrc`,
    `  zsh:   echo 'source <(${tool} completion zsh)' >> ~/.zshrc`,
    `  fish:  ${tool} completion fish > ~/.config/fish/completions/${tool}.fish`,
    "",
  ].join("\n");
}
