import { z } from "zod";
import { messageOf, ToolError } from "../../errors/mod.ts";
import type { NodeDirectory } from "../directory.ts";

/** What a machine that has joined remembers; holds its private key for the cluster. */
export interface JoinedNode {
  /** Version of this form. */
  version: 1;
  /** `host:port` of the proxy. */
  proxy: string;
  /** The cluster that it has joined. */
  clusterName: string;
  /** UUID that names it there. */
  hostId: string;
  /** What people call it. */
  nodeName: string;
  /** By which roles open it. */
  labels: Record<string, string>;
  /** Where the proxy dials this machine, `host:port`. */
  address: string;
  /** Further names of its host certificate. */
  additionalPrincipals: string[];
  /** PEM. */
  tlsKeyPem: string;
  /** PEM. */
  tlsCertPem: string;
  /** The cluster's authority for hosts, PEM. */
  hostCasPem: string[];
  /** When certificates are to be renewed, milliseconds since the Unix epoch. */
  renewAtMs: number;
  /** This machine's sshd. */
  sshd: {
    /** Path of its configuration. */
    config: string;
    /** Private key of the host that the cluster has certified. */
    hostKey: string;
    /** Where it listens. */
    port: number;
    /** How a person said that it is restarted. */
    restartCommand?: string | undefined;
    /** Whether it is told at all. */
    restarts: boolean;
  };
}

/** The file in the node's directory. */
const STATE_FILE = "node.json";

const schema: z.ZodType<JoinedNode> = z.object({
  version: z.literal(1),
  proxy: z.string(),
  clusterName: z.string(),
  hostId: z.string(),
  nodeName: z.string(),
  labels: z.record(z.string(), z.string()),
  address: z.string(),
  additionalPrincipals: z.array(z.string()),
  tlsKeyPem: z.string(),
  tlsCertPem: z.string(),
  hostCasPem: z.array(z.string()),
  renewAtMs: z.number(),
  sshd: z.object({
    config: z.string(),
    hostKey: z.string(),
    port: z.number(),
    restartCommand: z.string().optional(),
    restarts: z.boolean(),
  }),
});

/** Whether a machine has joined with this directory. */
export async function hasJoined(path: string): Promise<boolean> {
  return await Deno.stat(`${path}/${STATE_FILE}`).then(() => true, () => false);
}

/** Writes the state, mode 0600. */
export function writeState(directory: NodeDirectory, state: JoinedNode): Promise<void> {
  return directory.write(directory.file(STATE_FILE), JSON.stringify(state, null, 2) + "\n");
}

/**
 * Reads the state.
 *
 * @throws {ToolError} `not_found` when this machine has not joined, `access_denied` for others than root.
 */
export async function readState(path: string): Promise<JoinedNode> {
  const file = `${path}/${STATE_FILE}`;
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(file)));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new ToolError(
        "not_found",
        `this machine has not joined a cluster: there is no ${file}`,
        {
          hint: "Join with: teleport join openssh. For another data directory use --data-dir.",
          cause,
        },
      );
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new ToolError("access_denied", `this user may not read ${file}`, {
        hint: "Run this as root.",
        cause,
      });
    }
    const why = cause instanceof z.ZodError ? "it is damaged" : messageOf(cause);
    throw new ToolError("bad_parameter", `cannot use ${file}: ${why}`, { cause });
  }
}
