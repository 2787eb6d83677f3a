import { ToolError } from "../errors/mod.ts";

/** The words of `--mlock` and TELEPORT_MLOCK_MODE, in the order that help shows them. */
export const MLOCK_MODES = ["off", "auto", "best_effort", "strict"] as const;

/** What the person asked for. */
export type MlockMode = typeof MLOCK_MODES[number];

/** What is done: `auto` has become one of the others. */
export type EffectiveMlockMode = Exclude<MlockMode, "auto">;

/**
 * Reads a mode as a flag or variable gives it.
 *
 * @param source How the person named it: `--mlock` or `TELEPORT_MLOCK_MODE`.
 * @throws {ToolError} `usage`, listing the four words.
 */
export function parseMlockMode(text: string, source: string): MlockMode {
  const mode = MLOCK_MODES.find((known) => known === text);
  if (mode === undefined) {
    throw new ToolError(
      "usage",
      `${source} has the unknown value "${text}", expected one of ${MLOCK_MODES.join(", ")}`,
    );
  }
  return mode;
}

/** What a mode means for this command: `auto` is `best_effort` for headless commands and `off` otherwise. */
export function effectiveMlockMode(mode: MlockMode, headless: boolean): EffectiveMlockMode {
  if (mode !== "auto") return mode;
  return headless ? "best_effort" : "off";
}
