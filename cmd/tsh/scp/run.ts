import type { Deps } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import {
  type CopyOperand,
  type Destination,
  findProgram,
  localArgument,
  opensshVersion,
  parseCopyOperand,
  parsePort,
  parseUserOption,
  requireSftp,
  SshSession,
  userArguments,
} from "../../../lib/ssh/mod.ts";
import { openSession } from "../session.ts";
import { type OpenCluster, runSession, type Wish, type WishedHost } from "../ssh/login.ts";
import { certifiedNameBefore, hostToken, labelsOf, loginOf } from "../ssh/names.ts";
import type { ScpOptions } from "./mod.ts";

/** A node of a copy, however often it is named. */
interface CopyHost extends WishedHost {
  token: string;
}

/**
 * Runs scp to its end.
 *
 * @param open Signs in; another one in tests.
 * @returns Its exit status.
 */
export async function runScp(
  options: ScpOptions,
  deps: Deps,
  open: OpenCluster = openSession,
): Promise<number> {
  const operands = readOperands(options);
  const hosts: CopyHost[] = [];
  const taken = new Set(
    operands.flatMap((operand) =>
      operand.kind === "remote" ? [operand.destination.typed.toLowerCase()] : []
    ),
  );
  const wishes: Wish[] = [];
  const places = operands.map((operand) => {
    if (operand.kind === "local") return localArgument(operand.path);
    const login = loginOf(operand.destination, options, deps);
    const host = hostOf(operand.destination, { hosts, taken });
    wishes.push({ destination: host.destination, login });
    return `${login}@${host.token}:${operand.path}`;
  });
  await checkLocalFiles(operands.slice(0, -1), options);
  const wanted = options.options.map(parseUserOption).filter((option) => option !== undefined);
  const [scp, ssh] = await Promise.all([findProgram("scp", deps), findProgram("ssh", deps)]);
  const version = await opensshVersion(ssh);
  requireSftp(version);
  await using session = await SshSession.start({
    kind: "scp",
    program: scp,
    version,
    args: [...flags(options), ...userArguments(wanted), "-S", ssh, "--", ...places],
    hosts: hosts.map(({ token, destination }) => ({
      token,
      typed: destination.typed,
      certifiedName: certifiedNameBefore(destination),
    })),
    // Would count the time that a person takes to approve.
    early: !wanted.some((option) => option.name === "ConnectTimeout"),
    quiet: options.quiet,
  }, deps);
  return await runSession(session, { hosts, wishes }, { options, deps, open });
}

function readOperands(options: ScpOptions): CopyOperand[] {
  if (options.places.length < 2) {
    throw new ToolError("usage", "scp needs at least two places: from… and to", {
      hint: "For example: tsh scp report.pdf alice@server01:",
    });
  }
  const port = options.port === undefined ? undefined : parsePort(options.port, "--port");
  const operands = options.places.map((place) => {
    const operand = parseCopyOperand(place);
    if (operand.kind === "local") return operand;
    const { destination } = operand;
    return { ...operand, destination: { ...destination, port: port ?? destination.port } };
  });
  if (operands.every((operand) => operand.kind === "local")) {
    throw new ToolError("usage", "none of these places is on a node", {
      hint: "A place on a node is written [login@]host:path.",
    });
  }
  return operands;
}

/**
 * Finds the host among those that are known, or adds it.
 *
 * @param known.taken What names hosts of this copy, in lower case; what is made up for this one joins it.
 */
function hostOf(
  destination: Destination,
  { hosts, taken }: { hosts: CopyHost[]; taken: Set<string> },
): CopyHost {
  const same = hosts.find((host) =>
    host.destination.typed.toLowerCase() === destination.typed.toLowerCase()
  );
  if (same !== undefined) return same;
  const token = hostToken(destination, taken);
  taken.add(token.toLowerCase());
  const host = { token, destination, labels: labelsOf(destination) };
  hosts.push(host);
  return host;
}

/** SFTP, so that no remote shell sees a name; through this machine, because nodes do not trust one another. */
function flags(options: ScpOptions): string[] {
  return [
    "-s",
    "-3",
    ...options.recursive ? ["-r"] : [],
    ...options.preserve ? ["-p"] : [],
    ...options.compress ? ["-C"] : [],
  ];
}

/** What can be known to fail is said before a person is asked to approve. */
async function checkLocalFiles(
  sources: readonly CopyOperand[],
  options: { recursive: boolean },
): Promise<void> {
  for (const source of sources) {
    if (source.kind === "remote") continue;
    const name = JSON.stringify(source.path);
    let isDirectory: boolean;
    try {
      ({ isDirectory } = await Deno.stat(source.path));
    } catch (cause) {
      throw new ToolError("not_found", `there is no file ${name} that can be read`, { cause });
    }
    if (isDirectory && !options.recursive) {
      throw new ToolError("usage", `${name} is a directory`, { hint: "Copy directories with -r." });
    }
  }
}
