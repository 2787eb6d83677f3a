/**
 * What `teleport` and `tctl` agree on about a cluster's data directory: where it is, and the file in which a running cluster
 * says how it is reached.
 *
 * @module
 */

import { join } from "node:path";
import { z } from "zod";
import type { Deps } from "../lib/deps/mod.ts";
import { messageOf, ToolError } from "../lib/errors/mod.ts";

/** Name of the file that a running cluster leaves for tctl. */
export const RUNTIME_FILE = "runtime.json";

/** Longest runtime file that is read. */
const MAX_RUNTIME_BYTES = 64 * 1024;

/** How a running cluster is reached from this machine. */
export interface RuntimeFacts {
  /** Process id of the cluster. */
  pid: number;
  /** `host:port` of the one port, as seen from this machine. */
  address: string;
  /** The cluster's name. */
  clusterName: string;
}

const schema: z.ZodType<RuntimeFacts> = z.object({
  pid: z.int().positive(),
  address: z.string().max(300),
  clusterName: z.string().max(255),
});

/**
 * `$XDG_DATA_HOME/latchkey`, usually `~/.local/share/latchkey`.
 *
 * @throws {ToolError} `usage` when the process has no home.
 */
export function defaultDataDir(deps: Pick<Deps, "env" | "process">): string {
  const dataHome = deps.env.get("XDG_DATA_HOME");
  if (dataHome !== undefined) return join(dataHome, "latchkey");
  const home = deps.process.homeDir();
  if (home === undefined) {
    throw new ToolError(
      "usage",
      "cannot tell where the cluster's data lies: there is no home directory",
      {
        hint: "Name the directory with --data-dir.",
      },
    );
  }
  return join(home, ".local", "share", "latchkey");
}

/** Writes the facts in one step: whoever reads sees all of them or none. */
export async function writeRuntimeFacts(dataDir: string, facts: RuntimeFacts): Promise<void> {
  const path = join(dataDir, RUNTIME_FILE);
  const temporary = `${path}.new`;
  await Deno.writeTextFile(temporary, JSON.stringify(facts) + "\n", { mode: 0o600 });
  await Deno.rename(temporary, path);
}

/** Takes the facts away, when they are there. */
export async function removeRuntimeFacts(dataDir: string): Promise<void> {
  try {
    await Deno.remove(join(dataDir, RUNTIME_FILE));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * What the cluster of `dataDir` says about itself. One that was killed may have left its last words.
 *
 * @throws {ToolError} `connection` when no cluster runs there, `access_denied` when this user may not know.
 */
export async function readRuntimeFacts(dataDir: string): Promise<RuntimeFacts> {
  const path = join(dataDir, RUNTIME_FILE);
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_RUNTIME_BYTES) throw new Error("it is too large");
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw notRunning(dataDir, error);
    if (error instanceof Deno.errors.PermissionDenied) throw notAllowed(dataDir, error);
    const why = error instanceof z.ZodError ? "it is damaged" : messageOf(error);
    throw new ToolError("bad_parameter", `cannot use ${path}: ${why}`, { cause: error });
  }
}

/** No cluster runs on `dataDir`. */
export function notRunning(dataDir: string, cause: unknown): ToolError {
  return new ToolError("connection", `no cluster is running with data directory ${dataDir}`, {
    hint:
      "Start it with: teleport start. For another data directory use --data-dir, or -c with its teleport.yaml.",
    cause,
  });
}

/** `dataDir` belongs to somebody else. */
export function notAllowed(dataDir: string, cause: unknown): ToolError {
  return new ToolError(
    "access_denied",
    `access denied: this user may not read the administrator's certificate in ${dataDir}`,
    { hint: "Run tctl as the user that runs the cluster.", cause },
  );
}
