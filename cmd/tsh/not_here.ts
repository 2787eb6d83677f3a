import { Command } from "commander";
import type { Environment } from "../../lib/deps/mod.ts";
import { ToolError } from "../../lib/errors/mod.ts";
import { addSharedFlags, refuseHeadless } from "./flags.ts";

/** Verbs of Teleport's tsh that people type and this one does not have, with what to do instead. */
const NOT_HERE: Readonly<Record<string, string>> = {
  headless: "Open the request's link in a browser instead, and approve it there.",
  login: "Run the command itself with --headless; it signs in for this one time.",
  logout: "There is no session to end: a headless login ends with its command.",
  status: "There is no session to show: a headless login ends with its command.",
  mfa: "Security keys are registered by invitation: tctl users add, tctl users reset.",
};

/** Commands, left out of help, that say what to do instead. They refuse --headless in tsh's words like all others. */
export function commandsNotHere(deps: { env: Environment }): Command[] {
  return Object.entries(NOT_HERE).map(([verb, hint]) => {
    const command = new Command(verb).argument("[words...]").allowUnknownOption().action(() => {
      refuseHeadless(command, deps.env);
      throw new ToolError("not_implemented", `this tsh has no ${verb} command`, { hint });
    });
    return addSharedFlags(command);
  });
}
