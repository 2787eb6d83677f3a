import { Option } from "commander";

/** Formats of lists. */
export type Format = "text" | "json" | "yaml";

/** `--format`; `choices` beside text. */
export function formatOption(...choices: Format[]): Option {
  return new Option("--format <format>", "Format output").choices(["text", ...choices]).default(
    "text",
  );
}

/** JSON for people and programs, with a newline at the end. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 4) + "\n";
}
