/**
 * What a machine with its own sshd has to do again and again, because nobody reaches it from the cluster:
 *
 * 1. say that it is there, which lists it for a quarter of an hour;
 * 2. fetch its policy, which is good for an hour: a machine that cannot hear of a removed user lets nobody in;
 * 3. renew its certificates when half of their life is over.
 *
 * @module
 */

import { connectNode } from "../../admin/mod.ts";
import { NODE_POLICY_VERSION, type NodePolicy } from "../../auth/access/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { NodeDirectory } from "../directory.ts";
import { checkConfig, findSshd } from "../sshd/program.ts";
import { readEffectiveConfig } from "./effective_config.ts";
import { reloadSshd } from "./reload.ts";
import { type JoinedNode, readState, writeState } from "./state.ts";

/** How long the node is listed after it was last heard of. */
const LISTED_MS = 15 * 60_000;
/** Life of what the cluster issues to hosts that join. */
const CERTIFICATE_TTL_MS = 30 * 24 * 3_600_000;
/** Name of the host certificate in the node's directory. */
export const HOST_CERTIFICATE_FILE = "ssh_host-cert.pub";

/** When certificates that are issued now are to be renewed. */
export function renewalOf({ clock }: Pick<Deps, "clock">): number {
  return clock.now() + CERTIFICATE_TTL_MS / 2;
}

/** What was done. */
export interface Refreshed {
  /** Who was refreshed. */
  node: JoinedNode;
  /** Whether there are new certificates. */
  renewed: boolean;
  /** Until when this machine may decide by what it has fetched. */
  policyExpiresAtMs: number;
}

/**
 * Does it once.
 *
 * @param path The node's directory.
 * @throws {ToolError} `connection` when the cluster is not reached, `access_denied` when it has removed this machine, which then
 * lets nobody in any more.
 */
export async function refreshNode(
  path: string,
  version: string,
  deps: Pick<Deps, "clock" | "env">,
): Promise<Refreshed> {
  const node = await readState(path);
  const directory = await NodeDirectory.open(path);
  try {
    return await refresh(node, { directory, version, deps });
  } catch (error) {
    if (!isToolError(error, "access_denied")) throw error;
    await directory.remove(directory.policy);
    throw new ToolError(
      "access_denied",
      `cluster ${node.clusterName} no longer knows this machine`,
      {
        hint:
          `Nobody is let in with its certificates. To join anew, remove ${path} and the drop-in file of sshd's configuration.`,
        cause: error,
      },
    );
  }
}

async function refresh(
  node: JoinedNode,
  { directory, version, deps }: {
    directory: NodeDirectory;
    version: string;
    deps: Pick<Deps, "clock" | "env">;
  },
): Promise<Refreshed> {
  const { clusterName, proxy, tlsCertPem, tlsKeyPem, hostCasPem } = node;
  await using calls = await connectNode({
    address: proxy,
    clusterName,
    identity: { certPem: tlsCertPem, keyPem: tlsKeyPem, hostCasPem },
  });
  await calls.heartbeat({
    kind: "node",
    sub_kind: "openssh",
    version: "v2",
    metadata: {
      name: node.hostId,
      labels: node.labels,
      expires: new Date(deps.clock.now() + LISTED_MS).toISOString(),
    },
    spec: { addr: node.address, hostname: node.nodeName, public_addrs: [], version },
  });
  const policy = await keepPolicy(directory, await calls.policy(node.hostId));
  const renewed = deps.clock.now() >= node.renewAtMs;
  if (renewed) {
    const { privateKeyPem, publicKeyPem } = generateKeyPair();
    const { sshCertificate, tlsCertificate } = await calls.renew({
      sshPublicKey: (await Deno.readTextFile(`${node.sshd.hostKey}.pub`)).trim(),
      tlsPublicKeyPem: publicKeyPem,
      additionalPrincipals: node.additionalPrincipals,
    });
    await directory.write(directory.file(HOST_CERTIFICATE_FILE), `${sshCertificate}\n`, 0o644);
    const next = {
      ...node,
      tlsKeyPem: privateKeyPem,
      tlsCertPem: tlsCertificate,
      renewAtMs: renewalOf(deps),
    };
    await writeState(directory, next);
    if (node.sshd.restarts) await reload(node, deps);
  }
  return { node, renewed, policyExpiresAtMs: policy.expiresAtMs };
}

async function keepPolicy(directory: NodeDirectory, text: string): Promise<NodePolicy> {
  const policy: NodePolicy = JSON.parse(text);
  if (policy.version !== NODE_POLICY_VERSION) {
    throw new ToolError(
      "not_implemented",
      "the cluster's policy is of a form that is not known here",
      {
        hint: "Install the cluster's version of this program.",
      },
    );
  }
  await directory.write(
    directory.userCa,
    policy.userCaKeys.map((key) => `${key}\n`).join(""),
    0o644,
  );
  await directory.write(directory.policy, text);
  return policy;
}

async function reload({ sshd }: JoinedNode, deps: Pick<Deps, "env">): Promise<void> {
  const program = await findSshd(deps);
  await checkConfig(program, sshd.config);
  const { pidFile } = await readEffectiveConfig(program, sshd.config);
  await reloadSshd({ pidFile, command: sshd.restartCommand, port: sshd.port });
}
