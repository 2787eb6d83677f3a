import { messageOf, ToolError } from "../../errors/mod.ts";
import { run } from "../sshd/program.ts";

/** How long sshd may take to answer after it was told to read its configuration again. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Between looks. */
const LOOK_EVERY_MS = 100;
/** Units under which distributions run sshd. */
const UNITS = ["ssh", "sshd"];

/** A machine's own sshd, as far as it is told anything. */
export interface RunningSshd {
  /** File with its pid. */
  pidFile?: string | undefined;
  /** A person's own command that makes it read its configuration again, for /bin/sh. */
  command?: string | undefined;
  /** Where it listens on this machine. */
  port: number;
}

/**
 * Lets sshd read its configuration again, and waits until it answers. Sessions go on.
 *
 * @throws {ToolError} `connection` when it cannot be told, or does not answer any more.
 */
export async function reloadSshd(sshd: RunningSshd): Promise<void> {
  await tell(sshd);
  let problem = "it does not answer";
  for (let waitedMs = 0; waitedMs < ANSWER_TIMEOUT_MS; waitedMs += LOOK_EVERY_MS) {
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
    try {
      await greet(sshd.port);
      return;
    } catch (error) {
      problem = messageOf(error);
    }
  }
  throw new ToolError("connection", `sshd does not answer at port ${sshd.port}: ${problem}`);
}

async function tell({ command, pidFile }: RunningSshd): Promise<void> {
  if (command !== undefined) {
    const { success, stderr } = await run("/bin/sh", ["-c", command]);
    if (success) return;
    const words = stderr.trim().slice(-300);
    throw new ToolError("connection", `the command that restarts sshd failed: ${words}`);
  }
  const runsSystemd = await Deno.stat("/run/systemd/system").then(() => true, () => false);
  for (const unit of runsSystemd ? UNITS : []) {
    if ((await run("systemctl", ["reload", unit])).success) return;
  }
  const text = pidFile === undefined ? "" : await Deno.readTextFile(pidFile).catch(() => "");
  const pid = /^\d{1,10}\s*$/.test(text) ? Number(text) : 0;
  try {
    if (pid <= 1) throw new Error("there is no pid file of a running one");
    Deno.kill(pid, "SIGHUP");
  } catch (cause) {
    throw new ToolError("connection", `cannot tell sshd to reload: ${messageOf(cause)}`, {
      hint: "Start sshd first, or name a command with --sshd-restart-command.",
      cause,
    });
  }
}

/** Reads the greeting of RFC 4253 §4.2. */
async function greet(port: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), 2_000);
  try {
    const buffer = new Uint8Array(255);
    const length = await connection.read(buffer) ?? 0;
    if (!new TextDecoder().decode(buffer.subarray(0, length)).startsWith("SSH-2.0-")) {
      throw new Error("what listens there is no SSH server");
    }
  } finally {
    clearTimeout(timer);
  }
}
