import { delimiter, join } from "node:path";
import type { Environment } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";

/**
 * Finds a program of OpenSSH's client on the PATH.
 *
 * @returns Its absolute path.
 * @throws {ToolError} `not_found`, with what to install.
 */
export async function findProgram(
  name: "ssh" | "scp",
  deps: { env: Environment },
): Promise<string> {
  for (const folder of (deps.env.get("PATH") ?? "").split(delimiter)) {
    if (!folder.startsWith("/")) continue;
    const path = join(folder, name);
    try {
      const { isFile, mode } = await Deno.stat(path);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return path;
    } catch { /* not there */ }
  }
  throw new ToolError("not_found", `cannot find "${name}" on the PATH`, {
    hint: "Install OpenSSH's client, for example with: apt install openssh-client, " +
      "dnf install openssh-clients, apk add openssh-client",
  });
}
