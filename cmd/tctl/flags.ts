/**
 * The flags of `tctl` that hold for every command.
 *
 * @module
 */

import { type Command, Option } from "commander";
import type { Environment } from "../../lib/deps/mod.ts";
import { addSharedOptions, readOptions, type SharedOption } from "../options.ts";

const SHARED: readonly SharedOption[] = [
  {
    option: () =>
      new Option(
        "-c, --config <file>",
        "The cluster's teleport.yaml, which names its data directory",
      ),
    env: "TELEPORT_CONFIG_FILE",
  },
  { option: () => new Option("--data-dir <directory>", "The cluster's data directory") },
  {
    option: () =>
      new Option(
        "--auth-server <address>",
        "host:port of the cluster, when it is not where its data directory says",
      ),
    env: "TELEPORT_AUTH_SERVER",
  },
  { option: () => new Option("-d, --debug", "Say on standard error why a command failed") },
];

/** What the shared flags say. */
export interface SharedFlags {
  config: string | undefined;
  dataDir: string | undefined;
  authServer: string | undefined;
}

/** Declares the shared flags on `command`. */
export function addSharedFlags(command: Command): Command {
  return addSharedOptions(command, SHARED);
}

/** What the shared flags say to `command`, before or after its name. */
export function readSharedFlags(command: Command, env: Environment): SharedFlags {
  const values = readOptions(command, SHARED, env);
  return {
    config: values.text("config"),
    dataDir: values.text("dataDir"),
    authServer: values.text("authServer"),
  };
}
