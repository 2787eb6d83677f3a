/**
 * A program on a real pseudo terminal, by python3's pty module.
 *
 * @module
 */

/** Reads one JSON object a line and does it; copies the terminal's output; tells at the end how the program ended. */
const DRIVER = `
import fcntl, json, os, pty, select, signal, struct, sys, termios
rows, columns = 24, 80
pid, terminal = pty.fork()
if pid == 0:
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
resize(rows, columns)
pending = b""
inputs = [terminal, 0]
while True:
    ready = select.select(inputs, [], [])[0]
    if terminal in ready:
        try: data = os.read(terminal, 65536)
        except OSError: break
        if not data: break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data: inputs.remove(0)
        pending += data
        while b"\\n" in pending:
            line, pending = pending.split(b"\\n", 1)
            order = json.loads(line)
            if "send" in order: os.write(terminal, order["send"].encode())
            if "resize" in order: resize(*order["resize"])
            if "hangup" in order:
                os.close(terminal)
                terminal = -1
        if terminal < 0: break
_, status = os.waitpid(pid, 0)
sys.stderr.write(json.dumps({"code": os.waitstatus_to_exitcode(status)}))
`;

/** A running program and the terminal in front of it. */
export class Pty implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #stderr: Promise<string>;
  #output = "";
  #wake: (() => void) | undefined;
  #ended = false;

  /** Starts the program with a terminal of 24 rows and 80 columns. */
  constructor(command: readonly string[], env: Record<string, string>) {
    this.#child = new Deno.Command("python3", {
      args: ["-c", DRIVER, ...command],
      clearEnv: true,
      env: { TERM: "xterm", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
    this.#stderr = new Response(this.#child.stderr).text();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      this.#output += decoder.decode(chunk, { stream: true });
      this.#wake?.();
    }
    this.#ended = true;
    this.#wake?.();
  }

  /** All that the terminal has shown. */
  get output(): string {
    return this.#output;
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#order({ send: text });
  }

  /** Changes the size of the terminal. */
  async resize(rows: number, columns: number): Promise<void> {
    await this.#order({ resize: [rows, columns] });
  }

  /** Takes the terminal away, as a connection that breaks does. */
  async hangUp(): Promise<void> {
    await this.#order({ hangup: true });
  }

  async #order(order: unknown): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(order) + "\n"));
  }

  /** Waits until the terminal shows `pattern` after what was waited for before. */
  async see(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs;
    while (true) {
      const match = pattern.exec(this.#output.slice(this.#seen));
      if (match !== null) {
        this.#seen += match.index + match[0].length;
        return match;
      }
      const left = deadline - performance.now();
      if (left <= 0 || this.#ended) throw new Error(`no ${pattern} in:\n${this.#output}`);
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }
  #seen = 0;

  /** Waits for the end; the exit code, or minus the signal's number. */
  async finished(): Promise<number> {
    await this.#reading;
    const text = await this.#stderr;
    await this.#child.status;
    await this.#writer.close().catch(() => {});
    return JSON.parse(text).code;
  }

  /** Ends the program by taking its terminal away. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      await this.hangUp().catch(() => {});
      await this.#reading;
    }
    await this.#stderr;
    await this.#child.status;
    await this.#writer.close().catch(() => {});
  }
}
