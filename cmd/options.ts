/**
 * Flags that hold for every command of a tool, before and after the verb, each with its environment variable.
 *
 * Commander reads a flag where it stands: before the verb it belongs to the program, after it to the command. So the
 * shared flags are declared on both, and {@linkcode readOptions} puts them together: the command line wins over the
 * environment, which wins over the default.
 *
 * @module
 */

import type { Command, Option } from "commander";
import type { Environment } from "../lib/deps/mod.ts";
import { ToolError } from "../lib/errors/mod.ts";

/** A flag, and the variable that stands in for it. */
export interface SharedOption {
  /** Makes the commander option; a new one for each command. */
  option: () => Option;
  /** Environment variable that gives the value when the command line does not. */
  env?: string;
}

/** Where a value came from. */
export type OptionSource = "flag" | "env" | "default";

/** The flags of a command and those above it, with where each value came from. */
export interface OptionValues {
  /** A flag with a value, as text. An empty value counts as none. */
  text(name: string): string | undefined;
  /** A flag without a value. */
  switch(name: string): boolean;
  /** Where the value came from; `default` also when there is none. */
  source(name: string): OptionSource;
}

/** Declares the shared flags on `command`; help shows their variables. */
export function addSharedOptions(command: Command, shared: readonly SharedOption[]): Command {
  for (const { option, env } of shared) {
    const declared = option();
    if (env !== undefined) declared.description += ` (env: ${env})`;
    command.addOption(declared);
  }
  return command;
}

/**
 * The values that hold for `command`.
 *
 * @param shared The flags that have variables.
 */
export function readOptions(
  command: Command,
  shared: readonly SharedOption[],
  env: Environment,
): OptionValues {
  const variables = new Map(
    shared.flatMap(({ option, env: name }) => name ? [[option().attributeName(), name]] : []),
  );
  const given = (name: string): { value: unknown; source: OptionSource } => {
    for (let at: Command | null = command; at !== null; at = at.parent) {
      const source = at.getOptionValueSource(name);
      if (source === "cli") return { value: at.getOptionValue(name), source: "flag" };
    }
    const variable = variables.get(name);
    const value = variable === undefined ? undefined : env.get(variable);
    if (value !== undefined) return { value, source: "env" };
    return { value: command.getOptionValue(name), source: "default" };
  };
  return {
    text(name) {
      const { value } = given(name);
      return typeof value === "string" && value !== "" ? value : undefined;
    },
    switch(name) {
      const { value, source } = given(name);
      if (source === "env") return parseSwitch(String(value), variables.get(name)!);
      return value === true;
    },
    source: (name) => given(name).source,
  };
}

/** The words that Go's strconv.ParseBool knows, which is how Teleport's tools read such variables. */
function parseSwitch(text: string, variable: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new ToolError("usage", `${variable} has the value "${text}", expected true or false`);
}
