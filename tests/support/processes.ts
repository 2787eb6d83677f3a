/**
 * Real processes of this program: started as a person would, with their output kept.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const mainModule = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** What a finished command left. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to start a tool. */
export interface StartOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Another main module, for a patched copy of the program. */
  main?: string;
  /** A program that runs it, with its arguments: prlimit. */
  under?: readonly string[];
  /** Text for standard input; none when absent. */
  stdin?: string;
}

/** A running tool whose output can be waited for. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #finished: Promise<Finished>;
  #stdout = "";
  #stderr = "";
  #changed = Promise.withResolvers<void>();
  #ended = false;

  /** Takes over a child whose three streams are piped. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    const stdout = this.#collect(child.stdout, (text) => this.#stdout += text);
    const stderr = this.#collect(child.stderr, (text) => this.#stderr += text);
    this.#finished = (async () => {
      await Promise.all([stdout, stderr]);
      const status = await child.status;
      this.#ended = true;
      this.#wake();
      return { code: status.code, stdout: this.#stdout, stderr: this.#stderr };
    })();
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      add(decoder.decode(chunk, { stream: true }));
      this.#wake();
    }
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** What was written to standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What was written to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the match once `pattern` is seen on the stream; throws when the process ends without it. */
  async waitFor(
    pattern: RegExp,
    { stream = "stderr", timeoutMs = 30_000 }: {
      stream?: "stdout" | "stderr";
      timeoutMs?: number;
    } = {},
  ): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs;
    while (true) {
      const changed = this.#changed.promise;
      const match = pattern.exec(stream === "stdout" ? this.#stdout : this.#stderr);
      if (match) return match;
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) {
        const why = this.#ended ? "the process ended" : `${timeoutMs} ms passed`;
        throw new Error(`${why} without ${pattern} on ${stream}:\n${this.#stdout}${this.#stderr}`);
      }
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([changed, new Promise<void>((wake) => timer = setTimeout(wake, left))]);
      clearTimeout(timer);
    }
  }

  /** Sends a signal; no error when the process has ended. */
  signal(name: Deno.Signal): void {
    try {
      this.#child.kill(name);
    } catch { /* it has ended */ }
  }

  /** Resolves when the process has ended. */
  finished(): Promise<Finished> {
    return this.#finished;
  }

  /** Asks the process to end, and insists after ten seconds. */
  async stop(): Promise<Finished> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), 10_000);
    try {
      return await this.#finished;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As {@linkcode stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts `tsh`, `tctl` or `teleport` with these arguments, in an environment of its own. */
export function startTool(
  tool: "tsh" | "tctl" | "teleport",
  args: string[],
  options: StartOptions = {},
): Running {
  const [program, ...words] = [
    ...options.under ?? [],
    ...[Deno.execPath(), "run", "-A", "--no-check", "--quiet", options.main ?? mainModule],
    tool,
    ...args,
  ];
  const child = new Deno.Command(program!, {
    args: words,
    clearEnv: true,
    env: { ...inheritedEnv(), NO_COLOR: "1", ...options.env },
    cwd: options.cwd,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    writer.write(new TextEncoder().encode(options.stdin)).then(() => writer.close()).catch(
      () => {},
    );
  }
  return new Running(child);
}

/** Runs a tool to its end. */
export function runTool(
  tool: "tsh" | "tctl" | "teleport",
  args: string[],
  options: StartOptions = {},
): Promise<Finished> {
  return startTool(tool, args, options).finished();
}

/** The environment of the tests, less what would change how the tools behave. */
function inheritedEnv(): Record<string, string> {
  const env = Deno.env.toObject();
  for (const name of Object.keys(env)) {
    if (name.startsWith("TELEPORT_") || name.startsWith("SSH_")) delete env[name];
  }
  // Deno's cache stays where it is when a test gives a tool another home.
  env["DENO_DIR"] ??= `${env["XDG_CACHE_HOME"] || `${env["HOME"]}/.cache`}/deno`;
  return env;
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
