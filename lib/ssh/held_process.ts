/**
 * A program that is made ready early and runs when its time has come.
 *
 * A locked process cannot start a clean child any more: the child would inherit its system call filter and
 * no_new_privs (lib/memory). So the child is started before the lock, as a shell that waits for one line on descriptor 3
 * and then becomes the program. When this process ends, the descriptor ends, and with it the waiting shell.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { ToolError } from "../errors/mod.ts";

/** How a process ended. */
export interface ProcessEnd {
  /** Exit status as a shell reports it: 128 + the number of the signal that ended it. */
  status: number;
  /** The signal that ended it. */
  signal: string | undefined;
}

/**
 * SHELL is what ssh runs its ProxyCommand with, so it must be one whose quoting is known. The agent that the person has is
 * kept under another name, because ssh replaces SSH_AUTH_SOCK by the agent that it uses itself.
 */
const SCRIPT = "IFS= read -r _ <&3 || exit 1; SHELL=/bin/sh; " +
  'TSH_USER_AGENT=${SSH_AUTH_SOCK-}; export SHELL TSH_USER_AGENT; exec "$@" 3<&-';

/** Name of the variable that holds the person's own SSH_AUTH_SOCK. */
export const USER_AGENT_VARIABLE = "TSH_USER_AGENT";

/** How long a process has to end when asked to, in milliseconds. */
const PATIENCE_MS = 5000;

/** Numbers of the signals that a terminal or a person sends (signal(7)). */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** A child process that waits to be released. Standard input and output are this process's own. */
export class HeldProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #gate: Writable;
  #isReleased = false;
  #hasEnded = false;
  /** Resolves when the process has ended. */
  readonly finished: Promise<ProcessEnd>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gate = child.stdio[3] as unknown as Writable;
    this.#gate.on("error", () => {}); // it has ended without having been released
    const { promise, resolve, reject } = Promise.withResolvers<ProcessEnd>();
    this.finished = promise;
    promise.catch(() => {});
    child.once("error", (cause) => {
      this.#hasEnded = true;
      reject(new ToolError("internal", "cannot start a process", { cause }));
    });
    child.once("close", (code, signal) => {
      this.#hasEnded = true;
      this.#gate.destroy();
      const status = code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0);
      resolve({ status, signal: signal ?? undefined });
    });
  }

  /**
   * Makes `program` ready.
   *
   * @param options.pipeStderr Whether its standard error comes to {@linkcode stderr} instead of going to this process's own.
   * @param options.dropStdout Whether nobody wants its standard output.
   */
  static start(
    program: string,
    args: readonly string[],
    options: { pipeStderr?: boolean; dropStdout?: boolean } = {},
  ): HeldProcess {
    const stderr = options.pipeStderr === true ? "pipe" : "inherit";
    const stdout = options.dropStdout === true ? "ignore" : "inherit";
    const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", program, ...args], {
      stdio: ["inherit", stdout, stderr, "pipe"],
    });
    return new HeldProcess(child);
  }

  /** Process id; that of the waiting shell becomes the program's. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it writes to standard error, when that was asked for. */
  get stderr(): Readable | null {
    return this.#child.stderr;
  }

  /** Lets the program run. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#gate.end("\n");
  }

  /** Sends a signal, if the process is still there. */
  kill(signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL"): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** Ends the process and waits until it has. */
  async stop(): Promise<ProcessEnd> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), PATIENCE_MS);
    try {
      return await this.finished;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As {@linkcode stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }
}
