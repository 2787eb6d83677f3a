import { fileURLToPath } from "node:url";
import type { Environment } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import type { NodeDirectory } from "./directory.ts";
import { DECISIONS_FILE, POLICY_FILE, PRINCIPALS_WORD } from "./principals/mod.ts";
import { run } from "./sshd/program.ts";

/** The helper as a module. Not there in a compiled program, which has it inside. */
const MAIN = new URL("./principals/main.ts", import.meta.url);

/**
 * Writes the script that sshd asks who may log in. Run by Deno, the helper is given no more than it needs: it can read the policy
 * and append to the decisions.
 *
 * sshd wants the command, and all directories above it, to be root's alone, and looks at /bin/sh only: not at the script, its
 * argument. That nobody else can change that, or what lies above it, {@linkcode NodeDirectory.open} makes sure of.
 *
 * @returns The value of AuthorizedPrincipalsCommand.
 */
export async function writePrincipalsCommand(
  directory: NodeDirectory,
  { env }: { env: Environment },
): Promise<string> {
  const command = Deno.build.standalone ? [Deno.execPath(), PRINCIPALS_WORD] : [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-check",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    "--no-prompt",
    // Relative to where the script goes, because a list of paths cannot hold a path with a comma.
    `--allow-read=${POLICY_FILE}`,
    `--allow-write=${DECISIONS_FILE}`,
    fileURLToPath(MAIN),
  ];
  const script = `#!/bin/sh
# Written by latchkey at each start; changes are lost. sshd asks this who may log in.
cd ${quote(directory.path)} || exit 1
DENO_NO_UPDATE_CHECK=1 DENO_DIR=${quote(denoDirectory(env))} \\
exec ${[...command, "."].map(quote).join(" ")} "$@"
`;
  await directory.write(directory.principals, script, 0o700);
  return `/bin/sh "${directory.principals.replaceAll("%", "%%")}" %u %k`;
}

/**
 * Asks the script about a certificate that is none, so that a node whose command does not run says so at its start, and not by
 * refusing everybody.
 *
 * @throws {ToolError} `internal` when it does not answer as it should.
 */
export async function tryPrincipalsCommand(directory: NodeDirectory): Promise<void> {
  const { success, stdout, stderr } = await run("/bin/sh", [
    directory.principals,
    "nobody",
    "AAAA",
  ]);
  if (success && stdout === "") return;
  const words = stderr.trim().slice(-500) || "it answers what it should not";
  throw new ToolError("internal", `the command that decides who may log in does not run: ${words}`);
}

/** Deno's cache, where the helper lies translated; sshd gives its commands another environment than ours. */
function denoDirectory(env: Environment): string {
  return env.get("DENO_DIR") ??
    `${env.get("XDG_CACHE_HOME") ?? `${env.get("HOME") ?? "/root"}/.cache`}/deno`;
}

/** A word for /bin/sh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
