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

/** What pip installs, pinned. */
const PACKAGES = ["fido2==2.2.1", "cryptography==50.0.2"];

const HOW_TO =
  "python-fido2 could not be set up. It needs Python 3.10 or newer with pip and a PyPI registry: install the Debian " +
  "packages python3 and python3-pip, or set LATCHKEY_PYTHON_FIDO2 to a folder made with\n" +
  `  python3 -m pip install --target <folder> ${PACKAGES.join(" ")}`;

/**
 * A folder for PYTHONPATH that holds python-fido2: that of `LATCHKEY_PYTHON_FIDO2`, or one in the user's cache, which is
 * made at the first call.
 */
async function pythonPath(): Promise<string> {
  const given = Deno.env.get("LATCHKEY_PYTHON_FIDO2");
  if (given) return given;
  const cache = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  const version = (await run(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])).trim();
  const folder = `${cache}/latchkey/python-fido2-2.2.1-py${version}`;
  if (await exists(`${folder}/fido2`)) return folder;

  await Deno.mkdir(`${cache}/latchkey`, { recursive: true });
  const making = await Deno.makeTempDir({ dir: `${cache}/latchkey`, prefix: "python-fido2-" });
  try {
    await run(["-m", "pip", "install", "--quiet", "--no-input", "--target", making, ...PACKAGES]);
    // Another test process may have been quicker; either's folder is as good.
    await Deno.rename(making, folder).catch((error) => {
      if (!(error instanceof Error && /not empty|exists/i.test(error.message))) throw error;
    });
  } finally {
    await Deno.remove(making, { recursive: true }).catch(() => {});
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function run(args: string[]): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("python3", {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (cause) {
    throw new Error(HOW_TO, { cause });
  }
  if (!output.success) {
    throw new Error(`${HOW_TO}\n${new TextDecoder().decode(output.stderr).slice(-2000)}`);
  }
  return new TextDecoder().decode(output.stdout);
}

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
    const path = await pythonPath();
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
