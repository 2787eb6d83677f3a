import { InterruptedError } from "../errors/mod.ts";
import type { Clock, Deps, Environment, Process, Random, Terminal } from "./deps.ts";

/** Exit status of a process that SIGPIPE ended, as a shell reports it: 128 + 13. */
const SIGPIPE_STATUS = 141;

/** Exit status after a second interrupt, as a shell reports SIGINT: 128 + 2. */
const SIGINT_STATUS = 130;

/** Most bytes that `crypto.getRandomValues` gives at once (Web Cryptography §10.1.1). */
const RANDOM_CHUNK_BYTES = 65536;

/** The real clock, generator, environment, terminal and process. */
export function realDeps(): Deps {
  // Deno's TLS reads these two by itself, and takes an empty one for a file without a name.
  for (const name of ["SSL_CERT_FILE", "SSL_CERT_DIR"]) {
    if (Deno.env.get(name) === "") Deno.env.delete(name);
  }
  const env: Environment = { get: (name) => Deno.env.get(name) || undefined };
  return { clock: realClock, random, env, terminal, process: new RealProcess(env) };
}

/** The real clock alone, for a program that is allowed nothing else. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

const random: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += RANDOM_CHUNK_BYTES) {
      crypto.getRandomValues(bytes.subarray(at, at + RANDOM_CHUNK_BYTES));
    }
    return bytes;
  },
  uuid: () => crypto.randomUUID(),
};

const terminal: Terminal = {
  /** When the reader has gone (`tsh ls | head -1`), ends the process without a word, as SIGPIPE ends Unix tools. */
  async stdout(text) {
    try {
      await writeAll(Deno.stdout, text);
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(SIGPIPE_STATUS);
      throw error;
    }
  },
  /** A standard error that nobody reads is no reason to stop. */
  async stderr(text) {
    try {
      await writeAll(Deno.stderr, text);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  },
  get stdoutIsTerminal() {
    return Deno.stdout.isTerminal();
  },
  get stderrIsTerminal() {
    return Deno.stderr.isTerminal();
  },
  get stdinIsTerminal() {
    return Deno.stdin.isTerminal();
  },
  columns() {
    try {
      return Deno.consoleSize().columns || undefined;
    } catch {
      return undefined;
    }
  },
};

/** A pipe takes what fits, so one write may be part of the text. */
async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  text: string,
): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await to.write(rest));
}

class RealProcess implements Process {
  readonly #env: Environment;
  #interrupt: AbortController | undefined;
  readonly #hangupListeners = new Set<() => void>();

  constructor(env: Environment) {
    this.#env = env;
  }

  osUser(): string | undefined {
    try {
      // Not imported above: most commands never ask, and loading it takes a fifth of what an empty program takes.
      const { username } = globalThis.process.getBuiltinModule("node:os").userInfo();
      if (username) return username;
    } catch {
      // A user id without an entry in the user database, as containers have them.
    }
    return this.#env.get("USER") ?? this.#env.get("LOGNAME") ?? this.#env.get("USERNAME");
  }

  homeDir(): string | undefined {
    return this.#env.get("HOME") ?? this.#env.get("USERPROFILE");
  }

  interrupted(): AbortSignal {
    if (this.#interrupt === undefined) {
      const interrupt = new AbortController();
      this.#interrupt = interrupt;
      for (const signal of SIGNALS) {
        listen(signal, () => {
          if (signal === "SIGHUP" && this.#hangupListeners.size > 0) {
            for (const listener of this.#hangupListeners) listener();
            return;
          }
          // The first one asks for an orderly end. When that takes too long for a person, the next one does not ask.
          if (interrupt.signal.aborted) Deno.exit(SIGINT_STATUS);
          interrupt.abort(new InterruptedError(signal));
        });
      }
    }
    return this.#interrupt.signal;
  }

  onHangup(listener: () => void): Disposable {
    this.interrupted();
    this.#hangupListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#hangupListeners.delete(listener) };
  }
}

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"];

/** Which signals there are depends on the system: SIGBREAK is Windows's alone, and SIGTERM is not Windows's. */
function listen(signal: Deno.Signal, handler: () => void): void {
  try {
    Deno.addSignalListener(signal, handler);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
