import type { Deps } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import {
  type Destination,
  findProgram,
  opensshVersion,
  parseDestination,
  parsePort,
  parseUserOption,
  SshSession,
  USER_AGENT_VARIABLE,
  userArguments,
} from "../../../lib/ssh/mod.ts";
import { openSession } from "../session.ts";
import { type OpenCluster, runSession } from "./login.ts";
import type { SshOptions } from "./mod.ts";
import { certifiedNameBefore, hostToken, labelsOf, loginOf } from "./names.ts";

/**
 * Runs ssh to its end.
 *
 * @param open Signs in; another one in tests.
 * @returns Its exit status.
 */
export async function runSsh(
  options: SshOptions,
  deps: Deps,
  open: OpenCluster = openSession,
): Promise<number> {
  const destination = destinationOf(options);
  const login = loginOf(destination, options, deps);
  const labels = labelsOf(destination);
  const token = hostToken(destination, new Set());
  const asked = await sshArguments(options, deps);
  const program = await findProgram("ssh", deps);
  const version = await opensshVersion(program);
  await using session = await SshSession.start({
    kind: "ssh",
    program,
    version,
    args: [...asked.args, "-l", login, "--", token, ...options.command],
    hosts: [{
      token,
      typed: destination.typed,
      certifiedName: certifiedNameBefore(destination),
    }],
    early: !asked.hasTimeout,
  }, deps);
  return await runSession(session, {
    hosts: [{ destination, labels }],
    wishes: [{ destination, login }],
  }, { options, deps, open });
}

function destinationOf(options: SshOptions): Destination {
  const destination = parseDestination(options.destination);
  const port = options.port === undefined ? destination.port : parsePort(options.port, "--port");
  return { ...destination, port };
}

/** What ssh is told of the person's wishes, checked. */
async function sshArguments(
  options: SshOptions,
  deps: Pick<Deps, "env" | "terminal">,
): Promise<{ args: string[]; hasTimeout: boolean }> {
  const wishes = options.options.map(parseUserOption).filter((option) => option !== undefined);
  const agent = options.forwardAgent
    ? "yes"
    : wishes.find((option) => option.name === "ForwardAgent")?.value;
  const args = [
    ...options.switches,
    ...options.forwards.flatMap(({ flag, value }) => [flag, checkForward(flag, value)]),
    ...agent === undefined ? [] : ["-o", `ForwardAgent=${await agentToForward(agent, deps)}`],
    ...userArguments(wishes.filter((option) => option.name !== "ForwardAgent")),
  ];
  // Would count the time that a person takes to approve.
  return { args, hasTimeout: wishes.some((option) => option.name === "ConnectTimeout") };
}

function checkForward(flag: string, value: string): string {
  // deno-lint-ignore no-control-regex -- refusing them is the point
  if (/^$|[\x00-\x1f\x7f]/.test(value)) {
    throw new ToolError("usage", `${flag} has the value ${JSON.stringify(value)}`);
  }
  return value;
}

/**
 * What ForwardAgent must say. To ssh "yes" means the agent that it uses itself, and that is the headless login's: so it is
 * said only when asked for by name.
 */
async function agentToForward(
  value: string,
  deps: Pick<Deps, "env" | "terminal">,
): Promise<string> {
  // ssh would find its own agent in that variable, and a person means theirs.
  const meant = value === "$SSH_AUTH_SOCK" ? "local" : value.toLowerCase();
  switch (meant) {
    case "no":
      return "no";
    case "headless":
      return "yes";
    case "yes":
    case "local":
      if (deps.env.get("SSH_AUTH_SOCK") !== undefined) return "$" + USER_AGENT_VARIABLE;
      await deps.terminal.stderr("WARN: there is no agent to forward: SSH_AUTH_SOCK is not set\n");
      return "no";
  }
  if (value.startsWith("/") || /^\$\w+$/.test(value)) return value;
  throw new ToolError(
    "usage",
    `ForwardAgent has the value "${value}", expected yes, no, local, headless, a path or $VARIABLE`,
  );
}
