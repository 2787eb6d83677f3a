/**
 * python-fido2 (PyPI `fido2`, by Yubico), an independent WebAuthn client, as a child process.
 *
 * @module
 */

import type {
  CreationOptions,
  CredentialAssertionResponse,
  CredentialCreationResponse,
  RequestOptions,
} from "../../../lib/wire/webauthn.ts";
import { pythonPackages } from "../python_packages.ts";

const PACKAGES = {
  name: "fido2-2.2.1",
  proof: "fido2",
  requirements: ["fido2==2.2.1", "cryptography==50.0.2"],
  override: "LATCHKEY_PYTHON_FIDO2",
};

/** A client with a key, in Python. */
export class PythonClient implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #buffered = "";

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts it, installing python-fido2 if need be. */
  static async start(): Promise<PythonClient> {
    const path = await pythonPackages(PACKAGES);
    const script = new URL("./client.py", import.meta.url).pathname;
    const process = new Deno.Command("python3", {
      args: [script],
      env: { PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new PythonClient(process);
  }

  /** Makes a credential. Throws with python-fido2's words when it refuses. */
  async create(publicKey: CreationOptions, origin: string): Promise<CredentialCreationResponse> {
    return await this.#ask({ op: "create", publicKey, origin }) as CredentialCreationResponse;
  }

  /** Signs a challenge. Throws with python-fido2's words when it refuses. */
  async get(publicKey: RequestOptions, origin: string): Promise<CredentialAssertionResponse> {
    return await this.#ask({ op: "get", publicKey, origin }) as CredentialAssertionResponse;
  }

  async #ask(request: unknown): Promise<unknown> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    while (!this.#buffered.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("python-fido2 ended before it answered");
      this.#buffered += value;
    }
    const end = this.#buffered.indexOf("\n");
    const line = this.#buffered.slice(0, end);
    this.#buffered = this.#buffered.slice(end + 1);
    const { response, error } = JSON.parse(line) as { response?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return response;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
    await this.#lines.cancel();
  }
}
