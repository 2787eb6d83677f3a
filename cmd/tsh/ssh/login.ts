/**
 * From a session that is ready to its end: sign in, find the nodes, let ssh through, wait.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { type Cluster, preloadTransport } from "../../../lib/client/mod.ts";
import type { Deps, Process } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import {
  type Destination,
  directTarget,
  explainDialError,
  findTarget,
  type ListNodes,
  SshError,
  type SshIdentity,
  sshIdentity,
  type SshSession,
} from "../../../lib/ssh/mod.ts";
import { debugWriter } from "../debug.ts";
import type { SessionHooks, SessionOptions } from "../session.ts";

/** What of a cluster a session needs. */
export type NodeCluster =
  & AsyncDisposable
  & Pick<Cluster, "listNodes" | "sshCredentials" | "dialNode">;

/** Signs in for one command. */
export type OpenCluster = (
  options: SessionOptions,
  deps: Deps,
  hooks: SessionHooks,
) => Promise<NodeCluster>;

/** How long a signal that has ended a child may take to be seen here, in milliseconds. */
const SIGNAL_DELAY_MS = 300;

/** A host of a session, as the person named it. */
export interface WishedHost {
  destination: Destination;
  /** What `labelsOf` read in it. */
  labels: Record<string, string> | undefined;
}

/** Where somebody wants to log in, and as whom. */
export interface Wish {
  destination: Destination;
  login: string;
}

/**
 * Signs in and runs the session to its end.
 *
 * @param hosts Those of the session, in its order; `wishes` are the logins on them.
 * @returns The exit status of the program.
 */
export async function runSession(
  session: SshSession,
  { hosts: planned, wishes }: {
    hosts: readonly WishedHost[];
    wishes: readonly Wish[];
  },
  { options, deps, open }: { options: SessionOptions; deps: Deps; open: OpenCluster },
): Promise<number> {
  const debug = debugWriter(options, deps);
  const cluster = await signInWhile(session, { options, deps, open, debug });
  await using _cluster = cluster;
  try {
    const credentials = cluster.sshCredentials();
    const identity = sshIdentity(credentials);
    for (const wish of wishes) checkLoginAllowed(wish, identity);
    const signal = deps.process.interrupted();
    const listNodes: ListNodes = ({ labels = {}, searchKeywords = [] }) =>
      cluster.listNodes({ labels, searchKeywords, predicateExpression: "" }, signal);
    const hosts = await Promise.all(planned.map(async ({ destination, labels }) => {
      const target = directTarget(destination) ??
        await findTarget(destination, labels, listNodes);
      const connect = () => dial(cluster, target.hostPort, { destination, listNodes, signal });
      return { certifiedName: target.certifiedName, connect };
    }));
    checkNotExpired(identity, deps);
    debug(`dialling ${hosts.map(({ certifiedName }) => certifiedName).join(" and ")}`);
    await session.admit({
      key: identity.key,
      hostAuthorityKeys: credentials.hostAuthorityKeys,
      hosts,
    });
  } catch (error) {
    throw error instanceof ToolError && error.code !== "cancelled" ? SshError.from(error) : error;
  }
  return await session.finish();
}

/** A program that gives up before the login, because of an option that it does not like, ends the login too. */
async function signInWhile(
  session: SshSession,
  { options, deps, open, debug }: {
    options: SessionOptions;
    deps: Deps;
    open: OpenCluster;
    debug: (text: string) => void;
  },
): Promise<NodeCluster> {
  const gaveUp = new AbortController();
  const signal = AbortSignal.any([deps.process.interrupted(), gaveUp.signal]);
  let isOver = false;
  session.ended.then(async ({ signal: endedBy }) => {
    // A signal from the terminal reaches the program before it is seen here.
    if (endedBy !== undefined && !isOver) {
      await new Promise((resolve) => setTimeout(resolve, SIGNAL_DELAY_MS));
    }
    if (isOver) return;
    gaveUp.abort(
      endedBy === undefined
        ? new ToolError("usage", "OpenSSH did not accept these options")
        : new SshError("connection", `OpenSSH was ended by ${endedBy} before the login`),
    );
  }, (error) => gaveUp.abort(error));
  const process: Process = {
    osUser: () => deps.process.osUser(),
    homeDir: () => deps.process.homeDir(),
    onHangup: (listener) => deps.process.onHangup(listener),
    interrupted: () => signal,
  };
  try {
    return await open(options, { ...deps, process }, { debug, meanwhile: preloadTransport });
  } finally {
    isOver = true;
  }
}

/** Said here rather than by the node, because here it is known which logins there are. */
function checkLoginAllowed({ login, destination }: Wish, { logins }: SshIdentity): void {
  if (logins.includes(login)) return;
  throw new ToolError(
    "access_denied",
    `access denied to ${login} connecting to ${destination.typed}`,
    {
      hint: logins.length === 0
        ? "Your roles give you no login at all. Ask the cluster's administrator."
        : `Logins that you have: ${logins.join(", ")}. Name one as login@host or with --login.`,
    },
  );
}

/** The certificate is good for a minute; a laptop that slept, or a stopped process, may have used that up. */
function checkNotExpired({ validBeforeMs }: SshIdentity, deps: Pick<Deps, "clock">): void {
  if (deps.clock.now() < validBeforeMs) return;
  throw new ToolError("expired", "the certificate expired before the connection was made", {
    hint: "Run the command again.",
  });
}

async function dial(
  cluster: NodeCluster,
  hostPort: string,
  { destination, listNodes, signal }: {
    destination: Destination;
    listNodes: ListNodes;
    signal: AbortSignal;
  },
): Promise<Duplex> {
  try {
    return await cluster.dialNode(hostPort, signal);
  } catch (error) {
    throw await explainDialError(error, destination, listNodes);
  }
}
