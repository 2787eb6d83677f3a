/**
 * What the three tools share: reading the command line, the exit code, and the one place where an error becomes words.
 *
 * @module
 */

import { type Command, CommanderError } from "commander";
import type { Deps } from "../lib/deps/mod.ts";
import { ToolError } from "../lib/errors/mod.ts";
import { addCompletionCommands } from "./completion/commands.ts";
import { ExitStatus } from "./exit_status.ts";
import { report } from "./report.ts";
import { versionLine } from "./version.ts";

/**
 * Runs a tool to its end.
 *
 * Commands print results and throw `ToolError`; what commander has to say (help, mistakes on the command line) is
 * collected and printed here, so that every word goes out by `deps.terminal`.
 *
 * @returns The exit status: 0, 2 for a mistake on the command line, that of a remote command, else that of the error.
 */
export async function runTool(
  program: Command,
  args: readonly string[],
  deps: Pick<Deps, "env" | "terminal">,
): Promise<number> {
  addCompletionCommands(program, deps);
  program.version(versionLine().trimEnd(), "--version", "Print the version");
  const said = { out: "", err: "" };
  collectWords(program, said);
  try {
    await program.parseAsync(args, { from: "user" });
    await deps.terminal.stdout(said.out);
    return 0;
  } catch (thrown) {
    if (thrown instanceof ExitStatus) return thrown.status;
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) {
        await deps.terminal.stdout(said.out);
        return 0;
      }
      if (thrown.code === "commander.help") {
        // The tool, or a group of commands, was called without a word of what to do.
        await deps.terminal.stderr(said.err);
        return new ToolError("usage", thrown.message).exitCode;
      }
    }
    const error = thrown instanceof CommanderError
      ? usageError(thrown, said.err, program, chosenCommands(program, args))
      : thrown;
    return await report(error, deps, { debug: wantsDebug(program, deps) });
  }
}

/** Commander would print and exit; here it writes into `said` and throws. Holds for all commands below, too. */
function collectWords(command: Command, said: { out: string; err: string }): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => said.out += text,
    writeErr: (text) => said.err += text,
  });
  for (const child of command.commands) collectWords(child, said);
}

/** `error: unknown option '--x'\n(Did you mean --y?)` becomes our kind of error, with the way to help. */
function usageError(
  error: CommanderError,
  words: string,
  program: Command,
  path: readonly string[],
): ToolError {
  const message = (words || error.message).trim().replace(/^error: /, "");
  return new ToolError("usage", message, {
    hint: `See: ${[program.name(), ...path].join(" ")} --help`,
    cause: error,
  });
}

/** Names of the commands that the first words of the command line choose: `["users", "add"]`. */
function chosenCommands(program: Command, args: readonly string[]): string[] {
  const path: string[] = [];
  let command = program;
  for (const arg of args) {
    if (arg.startsWith("-")) continue;
    const child = command.commands.find((one) => one.name() === arg || one.aliases().includes(arg));
    if (child === undefined) break;
    path.push(child.name());
    command = child;
  }
  return path;
}

/** Whether `--debug` was given anywhere on the command line, or TELEPORT_DEBUG is set to something true. */
function wantsDebug(program: Command, deps: Pick<Deps, "env">): boolean {
  const given = (command: Command): boolean =>
    command.opts()["debug"] === true || command.commands.some(given);
  return given(program) || /^(1|t|true|yes)$/i.test(deps.env.get("TELEPORT_DEBUG") ?? "");
}
