/**
 * What a person sees while a headless command waits for them.
 *
 * @module
 */

import type { Deps } from "../../lib/deps/mod.ts";
import { printable, StatusLine } from "../../lib/terminal/mod.ts";

/** What the prompt names. */
export interface HeadlessPrompt {
  /** Web address of the proxy, `host:port`. */
  webAddress: string;
  /** The proxy as the person typed it. */
  proxy: string;
  /** Who is asked to approve. */
  user: string;
  /** The request. */
  id: string;
}

/** The words of tsh, with a blank line around the address and around the command. */
export function headlessPrompt({ webAddress, proxy, user, id }: HeadlessPrompt): string {
  return [
    "Complete headless authentication in your local web browser:",
    "",
    `https://${webAddress}/web/headless/${id}`,
    "",
    "or execute this command in your local terminal:",
    "",
    `tsh headless approve --user=${word(user)} --proxy=${word(proxy)} ${id}`,
    "",
    "",
  ].join("\n");
}

/** Shows how long the request still waits; on a terminal only, until disposed of. */
export function showWaiting(
  deps: Pick<Deps, "clock" | "terminal">,
  waitMs: number,
): AsyncDisposable {
  const end = deps.clock.monotonic() + waitMs;
  return new StatusLine(deps.terminal, () => {
    const seconds = Math.max(0, Math.ceil((end - deps.clock.monotonic()) / 1000));
    const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    return `Waiting for approval, ${left} left (Ctrl-C withdraws)`;
  });
}

/** One word of a shell: in quotes where the shell would read more into it. */
function word(text: string): string {
  const safe = printable(text);
  return /^[\w.,:@%+/-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}
