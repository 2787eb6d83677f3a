import { resolve } from "node:path";
import type { Admin } from "../../lib/admin/mod.ts";
import { readAdminIdentity } from "../../lib/auth/admin/mod.ts";
import type { Deps } from "../../lib/deps/mod.ts";
import { isToolError, ToolError } from "../../lib/errors/mod.ts";
import { loadConfig } from "../config_file.ts";
import { defaultDataDir, notAllowed, notRunning, readRuntimeFacts } from "../data_dir.ts";
import type { SharedFlags } from "./flags.ts";

/**
 * Connects to the cluster that the flags mean, as its administrator:
 * 1. the data directory is `--data-dir`'s, or the configuration's, or the usual one;
 * 2. the running cluster has left its address there, which `--auth-server` overrides;
 * 3. the certificate lies there too. Who cannot read it is not the administrator.
 *
 * @throws {ToolError} `connection` when the cluster is not running, `access_denied` for other users.
 */
export async function connectTo(
  flags: SharedFlags,
  deps: Pick<Deps, "env" | "process">,
): Promise<Admin> {
  const dataDir = await dataDirOf(flags, deps);
  const facts = await readRuntimeFacts(dataDir);
  const address = flags.authServer ?? facts.address;
  try {
    const identity = await readAdminIdentity(dataDir);
    const { connectAdmin } = await import("../../lib/admin/mod.ts");
    return await connectAdmin({ address, clusterName: facts.clusterName, identity });
  } catch (error) {
    if (isToolError(error, "access_denied")) throw notAllowed(dataDir, error);
    if (isToolError(error, "not_found")) throw notRunning(dataDir, error);
    if (isToolError(error, "connection") && flags.authServer === undefined) {
      throw new ToolError("connection", error.message, {
        hint:
          `The cluster ran with pid ${facts.pid} and may have been killed. Start it with: teleport start`,
        cause: error,
      });
    }
    throw error;
  }
}

async function dataDirOf(flags: SharedFlags, deps: Pick<Deps, "env" | "process">): Promise<string> {
  if (flags.dataDir !== undefined) return resolve(flags.dataDir);
  const { config } = await loadConfig(flags.config);
  return resolve(config.teleport.data_dir ?? defaultDataDir(deps));
}
