/**
 * What may come next on a command line, told from the commands themselves.
 *
 * @module
 */

import type { Command, Option } from "commander";

/** A word that may stand where the cursor is. */
export interface Suggestion {
  /** The whole word, not what is missing of it. */
  word: string;
  /** What it means, on one line; empty when there is nothing to say. */
  about: string;
}

/**
 * Words that may replace the last one.
 *
 * @param words The command line after the tool's name, up to the cursor; the last is the one being typed, and may be
 * empty. bash cuts words at `=`; both `--format=js` and `--format`, `=`, `js` are understood, and answered in kind.
 */
export function suggest(program: Command, words: readonly string[]): Suggestion[] {
  const typed = words.at(-1) ?? "";
  const { command, before, positional } = walk(program, words.slice(0, -1));
  if (before === "=" || typed === "=") {
    const flag = words.findLast((word, index) => index < words.length - 1 && word.startsWith("-"));
    const option = flag === undefined ? undefined : findOption(command, flag);
    return choices(option?.argChoices, typed === "=" ? "" : typed);
  }
  const awaiting = before === undefined ? undefined : findOption(command, before);
  if (awaiting !== undefined && takesValue(awaiting)) return choices(awaiting.argChoices, typed);
  const inline = /^(--[^=]+)=(.*)$/s.exec(typed);
  if (inline !== null) {
    const option = findOption(command, inline[1]!);
    return choices(option?.argChoices, inline[2]!)
      .map(({ word, about }) => ({ word: `${inline[1]}=${word}`, about }));
  }
  if (typed.startsWith("-")) return flags(command, typed);
  if (positional === 0) {
    const commands = command.createHelp().visibleCommands(command)
      .map((child) => ({ word: child.name(), about: summary(child.description()) }))
      .filter(({ word }) => word.startsWith(typed));
    if (commands.length > 0) return commands;
  }
  const argument = command.registeredArguments[positional];
  return choices(argument?.argChoices, typed);
}

/** Follows the finished words down the tree of commands. */
function walk(
  program: Command,
  words: readonly string[],
): { command: Command; before: string | undefined; positional: number } {
  let command = program;
  let positional = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "=") continue;
    if (word.startsWith("-")) {
      const option = findOption(command, word);
      const isLast = index === words.length - 1;
      if (option !== undefined && takesValue(option) && !word.includes("=") && !isLast) {
        index += words[index + 1] === "=" ? 2 : 1;
      }
      continue;
    }
    const child = positional === 0
      ? command.commands.find((known) => known.name() === word || known.aliases().includes(word))
      : undefined;
    if (child === undefined) positional++;
    else command = child;
  }
  return { command, before: words.at(-1), positional };
}

/** The option that `word` names, on this command or one above it. */
function findOption(command: Command, word: string): Option | undefined {
  if (!word.startsWith("-")) return undefined;
  const flag = word.split("=")[0]!;
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const option = at.options.find((known) => known.long === flag || known.short === flag);
    if (option !== undefined) return option;
  }
  return undefined;
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function flags(command: Command, typed: string): Suggestion[] {
  return command.createHelp().visibleOptions(command)
    .map((option) => ({ word: option.long ?? option.short!, about: summary(option.description) }))
    .filter(({ word }) => word.startsWith(typed));
}

function choices(words: readonly string[] | undefined, typed: string): Suggestion[] {
  return (words ?? []).filter((word) => word.startsWith(typed)).map((word) => ({
    word,
    about: "",
  }));
}

/** The first sentence: it goes on one line beside the word. */
function summary(description: string): string {
  return description.split(/\.(?:\s|$)|\n/)[0]!.replaceAll("\t", " ");
}
