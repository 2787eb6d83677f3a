import { getLogger } from "@logtape/logtape";
import { ToolError } from "../../errors/mod.ts";
import type { NodeDirectory } from "../directory.ts";

const log = getLogger(["latchkey", "node"]);

/** How long sshd may take until it listens. */
const START_TIMEOUT_MS = 15_000;
/** How long sshd may take to end. */
const STOP_TIMEOUT_MS = 5_000;
/** Longest line of its log that is kept. */
const MAX_LINE_LENGTH = 2_000;

/** How sshd is started. */
export interface SshdOptions {
  /** Absolute path of sshd. */
  sshd: string;
  /** setpriv(1), by which sshd ends with this process; absent where there is none. */
  setpriv: string | undefined;
  directory: NodeDirectory;
  /** Called after each line of its log. */
  onLine?: () => void;
}

/** A running sshd, whose log is in ours. */
export class Sshd {
  readonly #process: Deno.ChildProcess;
  /** Resolves when it has ended, with how; never rejects. */
  readonly ended: Promise<Deno.CommandStatus>;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.ended = process.status;
  }

  /**
   * Starts sshd and waits until it listens.
   *
   * @throws {ToolError} `connection` when it does not, with the last it said.
   */
  static async start({ sshd, setpriv, directory, onLine }: SshdOptions): Promise<Sshd> {
    const command = [sshd, "-D", "-e", "-f", directory.config];
    if (setpriv !== undefined) command.unshift(setpriv, "--pdeathsig", "TERM", "--");
    const process = new Deno.Command(command[0]!, {
      args: command.slice(1),
      clearEnv: true,
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const running = new Sshd(process);
    const { promise: listening, resolve } = Promise.withResolvers<true>();
    let last = "";
    const reading = readLines(process.stderr, (line) => {
      last = line;
      logLine(line);
      if (/^Server listening on /.test(line)) resolve(true);
      onLine?.();
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((done) =>
      timer = setTimeout(() => done(false), START_TIMEOUT_MS)
    );
    const isListening = await Promise.race([listening, late, reading.then(() => false)]);
    clearTimeout(timer);
    if (isListening) return running;
    await running.stop();
    throw new ToolError("connection", `sshd does not start: ${last || "it says nothing"}`);
  }

  /** Lets it read its configuration and certificate again. Sessions go on. */
  reload(): void {
    this.#kill("SIGHUP");
  }

  /** Ends it: nobody new comes in. */
  async stop(): Promise<void> {
    this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch { /* it has ended */ }
  }
}

/**
 * Ends an sshd of this directory that outlived its cluster, as after `kill -9`: known by its pid file, and by its command line,
 * because pids are used again.
 */
export async function stopLeftover(directory: NodeDirectory): Promise<void> {
  const isOurs = async (pid: number) => {
    const line = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
    // sshd writes its own command line into its title, between other words.
    return line.replaceAll("\0", " ").includes(` -f ${directory.config} `);
  };
  const text = await Deno.readTextFile(directory.pidFile).catch(() => "");
  const pid = /^\d{1,10}\s*$/.test(text) ? Number(text) : 0;
  if (pid <= 1 || !await isOurs(pid)) return;
  log.warn("ending the sshd with pid {pid}, which outlived its cluster", { pid });
  for (let waitedMs = 0; await isOurs(pid); waitedMs += 50) {
    try {
      Deno.kill(pid, waitedMs > STOP_TIMEOUT_MS ? "SIGKILL" : "SIGTERM");
    } catch { /* it has ended */ }
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** Lines of the log hold names that strangers chose, so nothing in them is more than text. */
function logLine(line: string): void {
  if (/^(error|fatal):/.test(line)) log.warn("sshd: {line}", { line });
  // Teleport's extensions are for us, and said at each login, twice.
  else if (/^Certificate extension "[^"]*" is not supported$/.test(line)) {
    log.debug("sshd: {line}", { line });
  } else log.info("sshd: {line}", { line });
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop()!.slice(0, MAX_LINE_LENGTH);
    for (const line of lines) onLine(line.slice(0, MAX_LINE_LENGTH));
  }
  if (rest !== "") onLine(rest);
}
