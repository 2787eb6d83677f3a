import { parseLabels } from "../../../lib/client/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import { checkLogin, type Destination, directTarget, isHostName } from "../../../lib/ssh/mod.ts";

/**
 * Whom to log in as: part of the destination, else --login or TELEPORT_LOGIN, else the operating system's user.
 *
 * @throws {ToolError} `usage` when there is none, or it is no login.
 */
export function loginOf(
  destination: Destination,
  options: { login: string | undefined },
  deps: Pick<Deps, "process">,
): string {
  const login = destination.login ?? options.login ?? deps.process.osUser();
  if (login === undefined) {
    throw new ToolError("usage", `the login on ${destination.typed} is not known`, {
      hint: "Name it: login@host, or --login.",
    });
  }
  return checkLogin(login);
}

/**
 * What stands for a destination on ssh's command line: what was typed, where ssh takes it for nothing else.
 *
 * @param taken Names, in lower case, that stand for other hosts of the same command: ssh would take the two for one.
 */
export function hostToken({ typed }: Destination, taken: ReadonlySet<string>): string {
  if (isHostName(typed)) return typed;
  let token = "node";
  for (let number = 2; taken.has(token); number++) token = `node${number}`;
  return token;
}

/** The name that the node's certificate must hold, where it is known before the login. */
export function certifiedNameBefore(destination: Destination): string | undefined {
  return directTarget(destination)?.certifiedName;
}

/**
 * The labels of a destination; absent when it has none.
 *
 * @throws {ToolError} `usage` when they cannot be read.
 */
export function labelsOf({ node }: Destination): Record<string, string> | undefined {
  return node.kind === "labels" ? parseLabels(node.labels) : undefined;
}
