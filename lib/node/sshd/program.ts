import type { Environment } from "../../deps/mod.ts";
import { messageOf, ToolError } from "../../errors/mod.ts";

/** Where servers are, also when an ordinary PATH does not say so. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/sbin"];

/** How long a check of the configuration may take. */
const CHECK_TIMEOUT_MS = 10_000;

/**
 * Finds OpenSSH's server.
 *
 * @returns Its absolute path, which it needs to start itself anew.
 * @throws {ToolError} `not_found`, with what to install.
 */
export async function findSshd({ env }: { env: Environment }): Promise<string> {
  const path = await findProgram("sshd", { env });
  if (path !== undefined) return path;
  throw new ToolError("not_found", 'cannot find the program "sshd"', {
    hint: "Install OpenSSH's server, for example with: apt install openssh-server, " +
      "dnf install openssh-server, apk add openssh-server",
  });
}

/** Absolute path of a program, or `undefined`. */
export async function findProgram(
  name: string,
  { env }: { env: Environment },
): Promise<string | undefined> {
  for (const folder of [...(env.get("PATH") ?? "").split(":"), ...SERVER_FOLDERS]) {
    if (!folder.startsWith("/")) continue;
    try {
      const { isFile, mode } = await Deno.stat(`${folder}/${name}`);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return `${folder}/${name}`;
    } catch { /* not there */ }
  }
  return undefined;
}

/** What a short-lived program said. */
export interface ProgramResult {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, without standard input. */
export async function run(program: string, args: readonly string[]): Promise<ProgramResult> {
  try {
    const output = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(CHECK_TIMEOUT_MS),
    }).output();
    const decoder = new TextDecoder();
    return {
      success: output.success,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (error) {
    return { success: false, stdout: "", stderr: messageOf(error) };
  }
}

/**
 * Lets sshd check a configuration (`sshd -t`). The directory for privilege separation, which a machine makes when its own sshd
 * starts, is made when it is missing.
 *
 * @throws {ToolError} `bad_parameter` in sshd's own words.
 */
export async function checkConfig(sshd: string, config: string): Promise<void> {
  let result = await run(sshd, ["-t", "-f", config]);
  const missing = /^Missing privilege separation directory: (\/\S+)/m.exec(result.stderr)?.[1];
  if (!result.success && missing !== undefined) {
    try {
      await Deno.mkdir(missing, { recursive: true, mode: 0o755 });
    } catch (cause) {
      throw new ToolError(
        "bad_parameter",
        `sshd needs the directory ${missing}, and it cannot be made: ${messageOf(cause)}`,
        { hint: `Make it as root: mkdir -p -m 0755 ${missing}`, cause },
      );
    }
    result = await run(sshd, ["-t", "-f", config]);
  }
  if (result.success) return;
  const words = result.stderr.trim().split("\n").slice(-3).join("; ").slice(0, 500);
  throw new ToolError("bad_parameter", `sshd refuses the configuration ${config}: ${words}`);
}
