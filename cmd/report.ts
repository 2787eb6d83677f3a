/**
 * The one place where an error becomes words on a terminal.
 *
 *     ERROR: what was wrong
 *     What can be done about it.
 *
 * @module
 */

import type { Deps } from "../lib/deps/mod.ts";
import { InterruptedError, messageOf, ToolError } from "../lib/errors/mod.ts";
import { printable } from "../lib/terminal/mod.ts";

/** Longest chain of causes that `--debug` follows, so that a chain with a loop ends. */
const MAX_CAUSES = 12;

/**
 * Says on standard error what went wrong.
 *
 * @returns The exit status that belongs to it.
 */
export async function report(
  thrown: unknown,
  deps: Pick<Deps, "env" | "terminal">,
  options: { debug: boolean },
): Promise<number> {
  const error = thrown instanceof ToolError ? thrown : unexpected(thrown);
  const paint = painter(deps);
  let text = `${paint("31", "ERROR:")} ${printable(error.message, { lines: true })}\n`;
  if (error.hint !== undefined) text += `${printable(error.hint, { lines: true })}\n`;
  if (error.retryAfterSeconds !== undefined) {
    text += `Try again in ${Math.ceil(error.retryAfterSeconds)} s.\n`;
  }
  if (options.debug) text += causes(error);
  // Ctrl-C leaves the cursor behind `^C`, in the middle of a line.
  if (error instanceof InterruptedError && deps.terminal.stderrIsTerminal) text = "\n" + text;
  await deps.terminal.stderr(text);
  return error.exitCode;
}

/** What nobody foresaw is a defect, and says so. */
function unexpected(thrown: unknown): ToolError {
  return new ToolError("internal", `internal error: ${messageOf(thrown)}`, {
    cause: thrown,
    hint: "This is a defect. Run the command again with --debug and report what it prints.",
  });
}

/** One line a cause; a stack for what is not an error of ours. */
function causes(error: ToolError): string {
  let text = `code: ${error.code}\n`;
  let cause = error.cause;
  for (let depth = 0; cause !== undefined && cause !== null && depth < MAX_CAUSES; depth++) {
    const isOurs = cause instanceof ToolError;
    const name = cause instanceof Error ? cause.name : typeof cause;
    const code = isErrorWithCode(cause) ? ` [${cause.code}]` : "";
    text += printable(`caused by: ${name}${code}: ${messageOf(cause)}`, { lines: true }) + "\n";
    if (cause instanceof Error && !isOurs && error.code === "internal" && cause.stack) {
      text += printable(cause.stack, { lines: true }) + "\n";
    }
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}

function isErrorWithCode(value: unknown): value is { code: string } {
  return typeof value === "object" && value !== null && "code" in value &&
    typeof value.code === "string";
}

/** Colours for a terminal that wants them (https://no-color.org); never alone, the words say it as well. */
function painter(deps: Pick<Deps, "env" | "terminal">): (sgr: string, text: string) => string {
  const wanted = deps.terminal.stderrIsTerminal && deps.env.get("NO_COLOR") === undefined &&
    deps.env.get("TERM") !== "dumb";
  return (sgr, text) => wanted ? `\x1b[${sgr}m${text}\x1b[0m` : text;
}
