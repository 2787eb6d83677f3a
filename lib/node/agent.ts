/**
 * This machine as a node: OpenSSH's own sshd as a managed child.
 *
 * 1. Its files are written (`directory.ts`): host key and certificate, the authority for users, the policy, the configuration.
 * 2. An sshd that an earlier process left behind is ended; sshd checks the configuration and starts.
 * 3. While it listens the node is listed. When it ends it is started again, later each time it fails.
 * 4. The policy is written anew when users, roles or settings change, and often enough not to expire; the host certificate when
 *    half of its life is over, after which sshd reads it by SIGHUP, so that sessions go on.
 *
 * Nothing that goes wrong here ends the cluster: it is logged, with what can be done, and the node is not listed.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { NodePolicy } from "../auth/access/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError, messageOf, ToolError } from "../errors/mod.ts";
import { type HostPort, joinHostPort } from "../resources/mod.ts";
import { DecisionLog } from "./decisions.ts";
import { NodeDirectory } from "./directory.ts";
import { tryPrincipalsCommand, writePrincipalsCommand } from "./principals_command.ts";
import { sshdConfig } from "./sshd/config.ts";
import { Sshd, stopLeftover } from "./sshd/process.ts";
import { checkConfig, findProgram, findSshd } from "./sshd/program.ts";

const log = getLogger(["latchkey", "node"]);

/** Waits between attempts to start sshd: doubled each time it fails, from the first to the last. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** An sshd that has run this long did not fail at its start. */
const STABLE_MS = 60_000;
/** Policies are good for an hour. */
const POLICY_EVERY_MS = 5 * 60_000;
/** Changes that come together are written together. */
const SETTLE_MS = 20;
/** When certificates are to be renewed is looked at this often: a machine may have slept. */
const CHECK_EVERY_MS = 60_000;

/** What the node has from its cluster. */
export interface NodeCluster {
  /** A certificate for the host key, one line. */
  certify(sshPublicKey: string): Promise<{ certificate: string; expiresAtMs: number }>;
  /** What the node decides by, now. */
  policy(): Promise<NodePolicy>;
  /** Yields when {@linkcode policy} is to be asked again. */
  policyChanges(signal: AbortSignal): AsyncIterable<void>;
  /** Lists the node at this port, until what it gives is disposed of. */
  list(port: number): Promise<AsyncDisposable>;
}

/** How a node is run. */
export interface NodeOptions {
  /** Directory of the node's own; made when it is missing. */
  directory: string;
  /** Where sshd listens; port 0 lets the system choose, once. */
  listen: HostPort;
  /** Where it gets its certificate and its policy, and is listed. */
  cluster: NodeCluster;
  /** How often is looked at whether the certificate is to be renewed; a minute when absent. */
  checkEveryMs?: number;
  /** Time, and where programs are. */
  deps: Pick<Deps, "clock" | "env">;
}

/** A node that runs, or tries to. */
export class NodeAgent implements AsyncDisposable {
  readonly #options: NodeOptions;
  readonly #closing = new AbortController();
  #directory!: NodeDirectory;
  #decisions!: DecisionLog;
  #port: number;
  #sshd: Sshd | undefined;
  #renewAtMs = 0;
  #isChecking = false;
  #userCa = "";
  #policyWritten: Promise<void> = Promise.resolve();
  #problem = "";
  #running: Promise<unknown> = Promise.resolve();
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  private constructor(options: NodeOptions) {
    this.#options = options;
    this.#port = options.listen.port || freePort(options.listen.host);
  }

  /** Starts a node; resolves when sshd listens, or when that has failed for the first time, which the log then says. */
  static async start(options: NodeOptions): Promise<NodeAgent> {
    const agent = new NodeAgent(options);
    const { promise: tried, resolve } = Promise.withResolvers<void>();
    try {
      await agent.#prepare();
    } catch (error) {
      log.error("ssh_service does not run: {problem}", { problem: wordsOf(error) });
      return agent;
    }
    agent.#running = Promise.all([agent.#supervise(resolve), agent.#followPolicy()]);
    agent.#timers.push(
      setInterval(() => void agent.#checkCertificate(), options.checkEveryMs ?? CHECK_EVERY_MS),
      setInterval(() => void agent.#renewPolicy(), POLICY_EVERY_MS),
    );
    await tried;
    return agent;
  }

  /** The port that sshd listens on, or would. */
  get port(): number {
    return this.#port;
  }

  /** Whether sshd listens. */
  get isUp(): boolean {
    return this.#sshd !== undefined;
  }

  /** Takes the node off the list and ends sshd. Sessions that are open are sshd's to end, as with any sshd. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#sshd?.stop();
    await this.#running;
    await this.#policyWritten;
    // Should an sshd live on, it lets nobody in.
    await this.#directory?.remove(this.#directory.policy);
  }

  /** What can be told to be impossible before anything is tried, and the files that do not change. */
  async #prepare(): Promise<void> {
    const { directory, deps } = this.#options;
    if (Deno.build.os === "windows" || Deno.uid() !== 0) {
      throw new ToolError("access_denied", "only root can let other users log in", {
        hint:
          "Run teleport start as root, or set ssh_service.enabled to no and let a machine's own sshd join with: " +
          "teleport join openssh",
      });
    }
    await findSshd(deps);
    this.#directory = await NodeDirectory.open(directory);
    this.#decisions = new DecisionLog(this.#directory);
    await stopLeftover(this.#directory);
  }

  async #supervise(onTried: () => void): Promise<void> {
    const { clock } = this.#options.deps;
    let retryMs = FIRST_RETRY_MS;
    while (!this.#closing.signal.aborted) {
      let startedAt = clock.monotonic();
      try {
        await using listed = await this.#startSshd();
        startedAt = clock.monotonic();
        onTried();
        const { code, signal } = await listed.sshd.ended;
        this.#sshd = undefined;
        if (this.#closing.signal.aborted) break;
        log.error("sshd ended ({how}) and is started again", {
          how: signal === null ? `status ${code}` : signal,
        });
      } catch (error) {
        this.#sshd = undefined;
        if (!this.#closing.signal.aborted) this.#complain(error);
      }
      onTried();
      if (clock.monotonic() - startedAt > STABLE_MS) retryMs = FIRST_RETRY_MS;
      await pause(retryMs, this.#closing.signal);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
    onTried();
  }

  /** Starts sshd and lists the node. */
  async #startSshd(): Promise<AsyncDisposable & { sshd: Sshd }> {
    const { deps, cluster } = this.#options;
    const program = await findSshd(deps);
    await this.#writePolicy();
    await this.#renewIfDue();
    const { config } = this.#directory;
    const text = sshdConfig({
      directory: this.#directory,
      listen: { host: this.#options.listen.host, port: this.#port },
      principalsCommand: await writePrincipalsCommand(this.#directory, deps),
      usePam: await exists("/etc/pam.d/sshd"),
    });
    await this.#directory.write(config, text);
    await checkConfig(program, config);
    await tryPrincipalsCommand(this.#directory);
    await this.#decisions.start();
    tryListen({ host: this.#options.listen.host, port: this.#port });
    const sshd = await Sshd.start({
      sshd: program,
      setpriv: Deno.build.os === "linux" ? await findProgram("setpriv", deps) : undefined,
      directory: this.#directory,
      onLine: () => void this.#decisions.look(),
    });
    try {
      await using listing = new AsyncDisposableStack();
      listing.use(await cluster.list(this.#port));
      this.#closing.signal.throwIfAborted();
      const listed = listing.move();
      this.#sshd = sshd;
      this.#problem = "";
      return { sshd, [Symbol.asyncDispose]: () => listed.disposeAsync() };
    } catch (error) {
      await sshd.stop();
      throw error;
    }
  }

  /** The same trouble is told once, not every half minute. */
  #complain(error: unknown): void {
    const problem = wordsOf(error);
    if (problem === this.#problem) return;
    this.#problem = problem;
    log.error("ssh_service does not run, and is tried again: {problem}", { problem });
  }

  async #followPolicy(): Promise<void> {
    const { signal } = this.#closing;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      for await (const _ of this.#options.cluster.policyChanges(signal)) {
        timer ??= setTimeout(() => {
          timer = undefined;
          void this.#renewPolicy();
        }, SETTLE_MS);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes the policy of this moment; one after the other, so that an older one is never the last. */
  #writePolicy(): Promise<void> {
    const written = this.#policyWritten.then(async () => {
      const policy = await this.#options.cluster.policy();
      if (this.#closing.signal.aborted) return;
      const userCa = policy.userCaKeys.map((key) => `${key}\n`).join("");
      if (userCa !== this.#userCa) {
        await this.#directory.write(this.#directory.userCa, userCa, 0o644);
        this.#userCa = userCa;
      }
      await this.#directory.write(this.#directory.policy, JSON.stringify(policy));
    });
    this.#policyWritten = written.catch(() => {});
    return written;
  }

  async #renewPolicy(): Promise<void> {
    try {
      await this.#writePolicy();
    } catch (error) {
      log.error("this node's policy cannot be renewed: {reason}", { reason: messageOf(error) });
    }
  }

  /** Gets a new certificate when half of the old one's life is over; tells whether it did. */
  async #renewIfDue(): Promise<boolean> {
    const { cluster, deps } = this.#options;
    const now = deps.clock.now();
    if (now < this.#renewAtMs) return false;
    const key = await this.#directory.openHostKey();
    const { certificate, expiresAtMs } = await cluster.certify(key);
    await this.#directory.write(this.#directory.hostCertificate, `${certificate}\n`, 0o644);
    this.#renewAtMs = now + (expiresAtMs - now) / 2;
    return true;
  }

  async #checkCertificate(): Promise<void> {
    if (this.#sshd === undefined || this.#isChecking) return;
    this.#isChecking = true;
    try {
      if (!await this.#renewIfDue()) return;
      await checkConfig(await findSshd(this.#options.deps), this.#directory.config);
      this.#sshd?.reload();
      log.info("the host certificate of this node was renewed");
    } catch (error) {
      log.error("the host certificate of this node cannot be renewed: {reason}", {
        reason: messageOf(error),
      });
    } finally {
      this.#isChecking = false;
    }
  }
}

/** Whether the port can be had, told in words of ours. */
function tryListen({ host, port }: HostPort): void {
  try {
    Deno.listen({ hostname: host || "0.0.0.0", port }).close();
  } catch (cause) {
    const isTaken = cause instanceof Deno.errors.AddrInUse;
    throw new ToolError(
      "connection",
      `cannot listen on ${joinHostPort({ host: host || "0.0.0.0", port })}: ${
        isTaken ? "another program uses that port" : messageOf(cause)
      }`,
      {
        hint: "Stop the other program, or choose another address with ssh_service.listen_addr.",
        cause,
      },
    );
  }
}

function freePort(host: string): number {
  const listener = Deno.listen({ hostname: host || "0.0.0.0", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The message, and the way out when there is one. */
function wordsOf(error: unknown): string {
  const hint = isToolError(error) ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}. ${hint}`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
