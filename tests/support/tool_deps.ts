import type { Clock, Deps } from "../../lib/deps/mod.ts";
import { realDeps } from "../../lib/deps/mod.ts";
import { InterruptedError } from "../../lib/errors/mod.ts";

/** What a tool sees of the outside in a test. */
export interface ToolDepsOptions {
  /** The whole environment; an empty value counts as unset. */
  env?: Record<string, string>;
  /** Columns of the terminal that standard output and error are; pipes when absent. */
  columns?: number;
  osUser?: string;
  homeDir?: string;
  clock?: Clock;
}

/** Dependencies of a tool that keep what it writes, and a Ctrl-C that a test can press. */
export class ToolDeps implements Deps {
  readonly clock: Clock;
  readonly random: Deps["random"];
  readonly env: Deps["env"];
  readonly terminal: Deps["terminal"];
  readonly process: Deps["process"];
  /** What went to standard output. */
  out = "";
  /** What went to standard error. */
  err = "";
  readonly #interrupt = new AbortController();
  #written = Promise.withResolvers<void>();

  constructor(options: ToolDepsOptions = {}) {
    const real = realDeps();
    this.clock = options.clock ?? real.clock;
    this.random = real.random;
    this.env = { get: (name) => options.env?.[name] || undefined };
    const isTerminal = options.columns !== undefined;
    this.terminal = {
      stdout: (text) => this.#keep("out", text),
      stderr: (text) => this.#keep("err", text),
      stdoutIsTerminal: isTerminal,
      stderrIsTerminal: isTerminal,
      stdinIsTerminal: isTerminal,
      columns: () => options.columns,
    };
    this.process = {
      osUser: () => options.osUser,
      homeDir: () => options.homeDir,
      interrupted: () => this.#interrupt.signal,
      onHangup: () => ({ [Symbol.dispose]() {} }),
    };
  }

  /** Sends the tool a signal. */
  interrupt(signal = "SIGINT"): void {
    this.#interrupt.abort(new InterruptedError(signal));
  }

  /** Waits until standard error matches, and gives the match. */
  async waitForErr(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.err);
      if (match !== null) return match;
      await this.#written.promise;
    }
  }

  #keep(stream: "out" | "err", text: string): Promise<void> {
    this[stream] += text;
    this.#written.resolve();
    this.#written = Promise.withResolvers();
    return Promise.resolve();
  }
}
