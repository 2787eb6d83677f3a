/**
 * From flags to a cluster that lets one in; shared by all commands that can be headless.
 *
 *  1. what is wrong with the flags is said before anything else happens;
 *  2. the process is locked in memory, before there is a key;
 *  3. the proxy is found and asked who it is (`ping`), and refused if it cannot do what is wanted;
 *  4. a key is made, the person is shown the request's id, and the request waits for them;
 *  5. while it waits, what comes after is loaded.
 *
 * @module
 */

import {
  checkClock,
  clientTooOldWarning,
  Cluster,
  findProxy,
  type FoundProxy,
  HEADLESS_WAIT_MS,
  headlessLogin,
  joinHostPort,
  newHeadlessRequest,
  parseProxyAddress,
  preloadCluster,
  type ProxyAddress,
  requireHeadlessVersion,
} from "../../lib/client/mod.ts";
import type { Deps } from "../../lib/deps/mod.ts";
import { InterruptedError, ToolError } from "../../lib/errors/mod.ts";
import { printable } from "../../lib/terminal/mod.ts";
import { versionInfo } from "../version.ts";
import { HEADLESS_CONNECTOR, type SharedFlags } from "./flags.ts";
import { type KeyMemory, lockForHeadless } from "./memory.ts";
import { headlessPrompt, showWaiting } from "./prompt.ts";

/** What a session is wanted for. */
export interface SessionOptions extends SharedFlags {
  /** Another cluster than the proxy's own. */
  cluster: string | undefined;
}

/** What a command adds to signing in. */
export interface SessionHooks {
  /** Runs while the person is awaited, to load what the command needs afterwards. */
  meanwhile?: () => Promise<unknown>;
  /** Takes what `--debug` says. */
  debug: (text: string) => void;
}

/**
 * Signs in for one command.
 *
 * @throws {ToolError} Whatever keeps the command from running.
 */
export async function openSession(
  options: SessionOptions,
  deps: Deps,
  { debug, meanwhile }: SessionHooks,
): Promise<Cluster> {
  const address = proxyOf(options);
  const user = userOf(options, deps);
  if (options.connector !== undefined && options.connector !== HEADLESS_CONNECTOR) {
    throw new ToolError(
      "not_implemented",
      `this version cannot sign in with the connector "${options.connector}"`,
      { hint: USE_HEADLESS },
    );
  }
  const memory = await lockForHeadless(options, deps, debug);
  const signal = deps.process.interrupted();
  const proxy = await findProxy(address, {
    connector: options.connector,
    insecure: options.insecure,
    userAgent: `latchkey/${versionInfo().version}`,
    signal,
  }, deps);
  const { endpoint } = proxy.web;
  debug(
    `${joinHostPort(endpoint.host, endpoint.port)} is the proxy of cluster ` +
      `${proxy.answer.clusterName}, version ${proxy.answer.serverVersion}`,
  );
  await admit(proxy, options, deps);
  const credentials = await signIn(proxy, address, user, {
    options,
    deps,
    signal,
    meanwhile,
    memory,
  });
  memory.lockCopiesSoon(credentials.keys);
  debug(`signed in as ${credentials.user}`);
  return new Cluster(options.cluster ?? proxy.answer.clusterName, proxy, credentials, deps);
}

const USE_HEADLESS = "Use --headless, and approve with a security key elsewhere.";

function proxyOf(options: SharedFlags): ProxyAddress {
  if (options.proxy === undefined) {
    throw new ToolError("usage", "No proxy address specified, missed --proxy flag?", {
      hint: "Name the cluster's proxy with --proxy or TELEPORT_PROXY.",
    });
  }
  return parseProxyAddress(options.proxy);
}

function userOf(options: SharedFlags, deps: Pick<Deps, "process">): string {
  const user = options.user ?? deps.process.osUser();
  if (user !== undefined) return user;
  throw new ToolError("usage", "the Teleport user is not known", {
    hint: "Name the user with --user or TELEPORT_USER.",
  });
}

/** Whether this cluster lets this client in, headless, now. */
async function admit(
  { answer }: FoundProxy,
  options: SharedFlags,
  deps: Pick<Deps, "clock" | "terminal">,
): Promise<void> {
  requireHeadlessVersion(answer.serverVersion);
  if (answer.connectorName !== HEADLESS_CONNECTOR) {
    throw new ToolError("access_denied", `not signed in to ${answer.clusterName}`, {
      hint: USE_HEADLESS,
    });
  }
  if (!answer.allowHeadless) {
    throw new ToolError("access_denied", "headless disallowed by cluster settings", {
      hint: "The cluster's administrator can allow it in cluster_auth_preference (headless: true).",
    });
  }
  checkClock(answer.dateMs, deps.clock);
  const warning = clientTooOldWarning(answer.minClientVersion);
  if (warning !== undefined && !options.skipVersionCheck) {
    await deps.terminal.stderr(`WARN: ${printable(warning)}\n`);
  }
}

async function signIn(
  { web, answer }: FoundProxy,
  address: ProxyAddress,
  user: string,
  { options, deps, signal, meanwhile, memory }: {
    options: SessionOptions;
    deps: Deps;
    signal: AbortSignal;
    meanwhile: SessionHooks["meanwhile"];
    memory: KeyMemory;
  },
): Promise<Awaited<ReturnType<typeof headlessLogin>>> {
  const request = newHeadlessRequest(memory.page);
  const { host, port } = answer.webAddress;
  await deps.terminal.stderr(headlessPrompt({
    webAddress: joinHostPort(host, port),
    proxy: address.typed,
    user,
    id: request.id,
  }));
  const login = headlessLogin(web, request, {
    user,
    ttlMs: options.ttlMinutes === undefined ? undefined : options.ttlMinutes * 60_000,
    routeToCluster: options.cluster,
    signal,
  }, deps);
  const loaded = Promise.all([preloadCluster(), meanwhile?.()]);
  let isWaiting = true;
  // A login that fails at once must not leave an import's failure without a listener.
  loaded.then(() => isWaiting && memory.lockCopies(request.keys), () => {});
  await using _waiting = showWaiting(deps, HEADLESS_WAIT_MS);
  try {
    const credentials = await login.finally(() => isWaiting = false);
    await loaded;
    return credentials;
  } catch (error) {
    request.keys.wipe();
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(error.signal, { hint: "The headless request is withdrawn." });
  }
}
