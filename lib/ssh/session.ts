/**
 * One run of ssh or scp over a cluster's connections, with a key that only this process holds.
 *
 *  1. Before the login: a private directory with sockets for the agent and for each host, and the program, held until it
 *     may run (`held_process.ts`). When all that it is told is known, it may run at once and wait for its peer's first
 *     word: its start then costs nothing after the approval.
 *  2. After the login: known_hosts with the cluster's host authority, streams to the hosts, the key for the agent.
 *  3. The program runs on the terminal, the pipes and with the signals that this process was given.
 *  4. However it ends: sockets closed, directory removed, program gone.
 *
 * @module
 */

import type { Readable } from "node:stream";
import type { Deps } from "../deps/mod.ts";
import { InterruptedError, type ToolError } from "../errors/mod.ts";
import { printable } from "../terminal/mod.ts";
import { Endpoints, type PlannedHost, type SessionLogin } from "./endpoints.ts";
import { HeldProcess, type ProcessEnd } from "./held_process.ts";
import { LineSplitter, LogPipe } from "./log_pipe.ts";
import { SSH_FAILED, SshError, SshMessages } from "./messages.ts";
import { safetyArguments } from "./options/arguments.ts";
import { suspendWith } from "./suspend.ts";
import type { OpensshVersion } from "./version.ts";

/** What is to be run. */
export interface SessionPlan {
  /** scp knows no log file, so its standard error is read instead; it carries no data. */
  kind: "ssh" | "scp";
  /** Absolute path of the program. */
  program: string;
  /** What `opensshVersion` said. */
  version: OpensshVersion;
  /** Arguments after those that keep the connection safe. */
  args: readonly string[];
  /** What it connects with. */
  hosts: readonly PlannedHost[];
  /** Whether the program may run while the login is waited for. */
  early: boolean;
  /** Shows neither scp's progress bar nor what ssh warns of. */
  quiet?: boolean;
}

/** See the module. */
export class SshSession implements AsyncDisposable {
  readonly #plan: SessionPlan;
  readonly #deps: Pick<Deps, "process" | "terminal">;
  readonly #endpoints: Endpoints;
  readonly #messages: SshMessages;
  #process!: HeldProcess;
  #log: LogPipe | undefined;
  #stderr: Promise<void> = Promise.resolve();

  private constructor(
    plan: SessionPlan,
    endpoints: Endpoints,
    deps: Pick<Deps, "process" | "terminal">,
  ) {
    this.#plan = plan;
    this.#deps = deps;
    this.#endpoints = endpoints;
    this.#messages = new SshMessages(plan.hosts);
  }

  /**
   * Makes everything ready that the login is not needed for. Must come before the process is locked in memory.
   */
  static async start(
    plan: SessionPlan,
    deps: Pick<Deps, "env" | "process" | "terminal">,
  ): Promise<SshSession> {
    const session = new SshSession(plan, await Endpoints.open(plan.hosts, deps), deps);
    try {
      session.#spawn();
      const names = plan.hosts.map((host) => host.certifiedName);
      if (plan.early && names.every((name) => name !== undefined)) await session.#run(names);
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when the program has ended. */
  get ended(): Promise<ProcessEnd> {
    return this.#process.finished;
  }

  /** Gives the program what the login brought, and lets it run. */
  async admit(login: SessionLogin): Promise<void> {
    await this.#endpoints.admit(login);
    await this.#run(login.hosts.map((host) => host.certifiedName));
  }

  /**
   * Waits until the program has ended. A signal to this process is passed on to it.
   *
   * @returns The program's exit status, or 128 + the signal.
   * @throws {SshError} When it was the connection that failed.
   */
  async finish(): Promise<number> {
    const interrupted = this.#deps.process.interrupted();
    const stop = () => this.#process.kill(signalOf(interrupted.reason));
    interrupted.addEventListener("abort", stop);
    if (interrupted.aborted) stop();
    using _together = suspendWith(
      this.#deps.terminal.stdinIsTerminal ? this.#process.pid : undefined,
    );
    let failure: ToolError | undefined;
    this.#endpoints.failed.then((error) => {
      failure = error;
      // ssh has already been told by the end of its connection, unless it has none.
      this.#process.kill("SIGTERM");
    });
    try {
      const { status } = await this.#process.finished;
      await this.#stderr;
      await this.#log?.[Symbol.asyncDispose]();
      this.#log = undefined;
      if (interrupted.aborted) return exitCodeOf(interrupted.reason);
      if (failure !== undefined) throw SshError.from(failure);
      if (this.#messages.trouble !== undefined && this.#isFailure(status)) {
        throw this.#messages.trouble;
      }
      return status;
    } finally {
      interrupted.removeEventListener("abort", stop);
    }
  }

  #isFailure(status: number): boolean {
    return this.#plan.kind === "ssh" ? status === SSH_FAILED : status !== 0;
  }

  #spawn(): void {
    const { kind, program, args, hosts } = this.#plan;
    const say = (line: string) => this.#say(line);
    const { paths, way, directory } = this.#endpoints;
    const only = hosts.length === 1 ? this.#endpoints.proxyCommand(0) : undefined;
    const safety = safetyArguments(paths, { way, proxyCommand: only });
    if (kind === "ssh") this.#log = LogPipe.open(directory.file("log"), say);
    const log = this.#log === undefined ? [] : ["-E", this.#log.path];
    this.#process = HeldProcess.start(program, [...safety, ...log, ...args], {
      pipeStderr: kind === "scp",
      // scp's own -q would also keep from us why a connection failed. It writes only its progress bar here.
      dropStdout: this.#plan.quiet === true,
    });
    const { stderr } = this.#process;
    if (stderr !== null) this.#stderr = eachLine(stderr, say);
  }

  async #run(certifiedNames: readonly string[]): Promise<void> {
    await this.#endpoints.writeConfig(certifiedNames, this.#plan.version);
    this.#process.release();
  }

  #say(line: string): void {
    const shown = this.#messages.take(line);
    if (shown === undefined || (this.#plan.quiet === true && !shown.startsWith("scp: "))) return;
    // A remote shell has made the terminal raw, where a line feed does not go back to the first column.
    const lineEnd = this.#deps.terminal.stderrIsTerminal ? "\r\n" : "\n";
    this.#deps.terminal.stderr(printable(shown, { lines: true }) + lineEnd);
  }

  /** Ends the program, if it still runs, and leaves nothing behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await this.#log?.[Symbol.asyncDispose]();
    await this.#endpoints[Symbol.asyncDispose]();
  }
}

async function eachLine(from: Readable, take: (line: string) => void): Promise<void> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of from) splitter.push(chunk).forEach(take);
  } catch { /* what was said before counts */ }
  const rest = splitter.end();
  if (rest !== "") take(rest);
}

function signalOf(reason: unknown): "SIGINT" | "SIGTERM" | "SIGHUP" {
  const signal = reason instanceof InterruptedError ? reason.signal : "SIGTERM";
  return signal === "SIGINT" || signal === "SIGHUP" ? signal : "SIGTERM";
}

function exitCodeOf(reason: unknown): number {
  return reason instanceof InterruptedError ? reason.exitCode : SSH_FAILED;
}
