/**
 * grpcio (PyPI, by the gRPC authors, on their C core), an independent gRPC client and server, as a child process.
 *
 * @module
 */

import { pythonPackages } from "../python_packages.ts";

const PACKAGES = {
  name: "grpcio-1.85.1",
  proof: "grpc",
  requirements: ["grpcio==1.85.1"],
  override: "LATCHKEY_PYTHON_GRPC",
};

const PEER = new URL("./peer.py", import.meta.url).pathname;

async function command(args: string[], stdin: "null" | "piped"): Promise<Deno.Command> {
  return new Deno.Command("python3", {
    args: [PEER, ...args],
    env: {
      PYTHONPATH: await pythonPackages(PACKAGES),
      PYTHONDONTWRITEBYTECODE: "1",
      GRPC_VERBOSITY: "ERROR",
    },
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}

/** What came of one call: a result, or a status. */
export interface Outcome {
  /** The result. */
  ok?: unknown;
  /** Name of the status. */
  code?: string;
  /** Words of the status. */
  details?: string;
}

/** Calls a server with all that `peer.py` knows; outcomes by the calls' names. */
export async function callFromPython(port: number): Promise<Record<string, Outcome>> {
  const { stdout } = await (await command(["client", String(port)], "null")).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  return Object.fromEntries(lines.map(({ call, ...outcome }) => [call, outcome]));
}

/** A server in Python, until disposed of. */
export class PythonServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  /** Where it listens, on loopback. */
  readonly port: number;

  private constructor(process: Deno.ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Starts it. */
  static async start(): Promise<PythonServer> {
    const process = (await command(["server"], "piped")).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return new PythonServer(process, Number(value));
  }

  /** Lets it end: it tells its clients first. */
  async stop(): Promise<void> {
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }

  /** Lets it end. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
