/** Time, as code asks for it. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic clock in milliseconds, for durations. */
  monotonic(): number;
}

/** Randomness from the operating system's generator. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A random UUID, version 4. */
  uuid(): string;
}

/** Environment variables. An empty variable counts as unset, as in tsh. */
export interface Environment {
  /** The value of `name`, or `undefined` when it is unset or empty. */
  get(name: string): string | undefined;
}

/** The terminal and the three streams. */
export interface Terminal {
  /** Writes `text` to standard output, as it is, and resolves when it has been handed over. */
  stdout(text: string): Promise<void>;
  /** Writes `text` to standard error, as it is. */
  stderr(text: string): Promise<void>;
  /** Whether standard output is a terminal. */
  readonly stdoutIsTerminal: boolean;
  /** Whether standard error is a terminal. */
  readonly stderrIsTerminal: boolean;
  /** Whether standard input is a terminal. */
  readonly stdinIsTerminal: boolean;
  /** Columns of the terminal, or `undefined` where there is none. */
  columns(): number | undefined;
}

/** The person's wish to stop, and who this process is. */
export interface Process {
  /** Name of the operating system's user, or `undefined` when it cannot be told. */
  osUser(): string | undefined;
  /** Home directory, or `undefined` when there is none. */
  homeDir(): string | undefined;
  /**
   * Aborted when the process is asked to end (SIGINT, SIGTERM, SIGHUP). The reason is an `InterruptedError`
   * (a `ToolError` of code `cancelled`). Handlers are installed at the first call.
   */
  interrupted(): AbortSignal;
  /**
   * Calls `listener` at each SIGHUP, which does not ask the process to end while there is a listener: a daemon reads its files
   * again. Ends when disposed of. Never called on systems without that signal.
   */
  onHangup(listener: () => void): Disposable;
}

/** All of it. */
export interface Deps {
  /** Time. */
  clock: Clock;
  /** Randomness. */
  random: Random;
  /** Environment variables. */
  env: Environment;
  /** The terminal and the three streams. */
  terminal: Terminal;
  /** The person's wish to stop, and who this process is. */
  process: Process;
}
