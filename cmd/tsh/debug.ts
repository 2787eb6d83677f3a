import type { Deps } from "../../lib/deps/mod.ts";
import { printable } from "../../lib/terminal/mod.ts";

/** Says on standard error, with `--debug`, what is done and when: milliseconds since the process began. */
export function debugWriter(
  options: { debug: boolean },
  deps: Pick<Deps, "clock" | "terminal">,
): (text: string) => void {
  if (!options.debug) return () => {};
  let written = Promise.resolve();
  return (text) => {
    const ms = deps.clock.monotonic().toFixed(0).padStart(6);
    written = written.then(() => deps.terminal.stderr(`DEBUG ${ms} ms  ${printable(text)}\n`));
  };
}
