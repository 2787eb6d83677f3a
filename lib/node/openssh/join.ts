/**
 * A machine with its own sshd becomes a node:
 *
 * 1. What may be in the way is looked at first: root, sshd and its configuration, an authority that it believes already.
 * 2. The cluster proves itself, takes the token, and certifies the host key that sshd has.
 * 3. The node's files are written, then our lines of sshd's configuration. sshd checks the whole, and says that it means what it
 *    should; only then it is told to reload, and has to answer.
 * 4. The machine is listed and fetches its policy. Until then it lets nobody in by the cluster's certificates.
 *
 * When a step fails, those before it are undone, the last first.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, messageOf, ToolError } from "../../errors/mod.ts";
import { generateKeyPair, parseAuthorizedKey } from "../../keys/mod.ts";
import { type HostPort, joinHostPort, splitHostPort } from "../../resources/mod.ts";
import { NodeDirectory } from "../directory.ts";
import { writePrincipalsCommand } from "../principals_command.ts";
import { checkConfig, findSshd } from "../sshd/program.ts";
import { applyDropIn } from "./drop_in.ts";
import { type EffectiveConfig, readEffectiveConfig } from "./effective_config.ts";
import { type ClusterTrust, enrol } from "./enrol.ts";
import { findDecidingMatch } from "./match_blocks.ts";
import { HOST_CERTIFICATE_FILE, refreshNode, renewalOf } from "./refresh.ts";
import { reloadSshd } from "./reload.ts";
import { hasJoined, type JoinedNode, writeState } from "./state.ts";

/** What a person said. */
export interface JoinOptions {
  /** The proxy. */
  proxy: HostPort;
  /** Of tctl tokens add. */
  token: string;
  /** How the cluster proves itself. */
  trust: ClusterTrust;
  /** What people will call this machine. */
  nodeName: string;
  /** By which roles open this machine. */
  labels: Record<string, string>;
  /** Where the proxy dials this machine, with or without a port; the way that leads to the proxy when absent. */
  address?: string;
  /** Further names for the host certificate. */
  additionalPrincipals: string[];
  /** Path of sshd's configuration. */
  opensshConfig: string;
  /** Makes sshd read its configuration again; found out when absent. */
  restartCommand?: string;
  /** Whether sshd is told to. */
  restarts: boolean;
  /** The node's directory; must not hold a node yet. */
  directory: string;
  /** Of this program. */
  version: string;
}

/** What has become of it. */
export interface Joined {
  /** What the machine remembers. */
  node: JoinedNode;
  /** The file with our lines of sshd's configuration. */
  dropIn: string;
}

/**
 * Joins.
 *
 * @throws {ToolError} With what was in the way; then everything is as it was before.
 */
export async function joinOpenssh(
  options: JoinOptions,
  deps: Pick<Deps, "clock" | "random" | "env">,
): Promise<Joined> {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) {
    throw new ToolError("access_denied", "only root can configure sshd", {
      hint: "Run this command as root, for example with sudo.",
    });
  }
  if (await hasJoined(options.directory)) {
    throw new ToolError(
      "already_exists",
      `this machine has joined already, as ${options.directory} says`,
      {
        hint: "Remove that directory, and the drop-in file of sshd's configuration, to join anew.",
      },
    );
  }
  const sshd = await findSshd(deps);
  const effective = await readEffectiveConfig(sshd, options.opensshConfig);
  refuseOtherAuthority(effective, options.opensshConfig);
  await refuseDecidingMatch(options.opensshConfig);
  const hostKey = await chooseHostKey(effective);
  const undo = new AsyncDisposableStack();
  try {
    return await join(options, { undo, sshd, effective, hostKey }, deps);
  } catch (error) {
    throw await undone(error, undo);
  }
}

/** What was found out about this machine, and how what follows is undone. */
interface Found {
  undo: AsyncDisposableStack;
  /** Path of sshd. */
  sshd: string;
  effective: EffectiveConfig;
  hostKey: string;
}

async function join(
  options: JoinOptions,
  { undo, sshd, effective, hostKey }: Found,
  deps: Pick<Deps, "clock" | "random" | "env">,
): Promise<Joined> {
  const isNew = !await Deno.stat(options.directory).then(() => true, () => false);
  const directory = await NodeDirectory.open(options.directory);
  if (isNew) undo.defer(() => Deno.remove(directory.path, { recursive: true }));

  const { privateKeyPem: tlsKeyPem, publicKeyPem: tlsPublicKeyPem } = generateKeyPair();
  const sshPublicKey = (await Deno.readTextFile(`${hostKey}.pub`)).trim();
  const hostId = deps.random.uuid();
  let address = "";
  let additionalPrincipals: string[] = [];
  const enrolled = await enrol(options.proxy, options.trust, (ownAddress) => {
    const target = addressOf(options.address ?? ownAddress, effective.port);
    address = joinHostPort(target);
    additionalPrincipals = [...new Set([target.host, ...options.additionalPrincipals])];
    const { nodeName, token } = options;
    return { hostId, nodeName, token, additionalPrincipals, sshPublicKey, tlsPublicKeyPem };
  });
  const node: JoinedNode = {
    version: 1,
    proxy: joinHostPort(options.proxy),
    clusterName: enrolled.clusterName,
    hostId,
    nodeName: options.nodeName,
    labels: options.labels,
    address,
    additionalPrincipals,
    tlsKeyPem,
    tlsCertPem: enrolled.tlsCertPem,
    hostCasPem: enrolled.hostCasPem,
    renewAtMs: renewalOf(deps),
    sshd: {
      config: options.opensshConfig,
      hostKey,
      port: effective.port,
      restartCommand: options.restartCommand,
      restarts: options.restarts,
    },
  };
  await writeState(directory, node);
  const certificate = directory.file(HOST_CERTIFICATE_FILE);
  await directory.write(certificate, `${enrolled.sshCertificate}\n`, 0o644);
  // sshd wants the file; the authority comes with the policy, and before it nobody comes in.
  await directory.write(directory.userCa, "", 0o644);
  const principalsCommand = await writePrincipalsCommand(directory, deps);

  const dropIn = await applyDropIn(options.opensshConfig, {
    lines: dropInLines(directory, { certificate, principalsCommand }),
    fallback: directory.file("sshd.conf"),
  });
  const running = {
    pidFile: effective.pidFile,
    command: options.restartCommand,
    port: effective.port,
  };
  let wasTold = false;
  undo.defer(async () => {
    await dropIn.undo();
    if (wasTold) await reloadSshd(running);
  });
  await checkConfig(sshd, options.opensshConfig);
  await confirm(sshd, options.opensshConfig, directory);
  if (options.restarts) {
    wasTold = true;
    await reloadSshd(running);
  }
  await refreshNode(directory.path, options.version, deps);
  return { node, dropIn: dropIn.path };
}

/** Undoes what was done. The error is the one that made it necessary, and says so when that does not succeed either. */
async function undone(error: unknown, undo: AsyncDisposableStack): Promise<unknown> {
  try {
    await undo.disposeAsync();
    return error;
  } catch (second) {
    return new ToolError(isToolError(error) ? error.code : "internal", messageOf(error), {
      hint: `The configuration is as it was before, but not all could be undone: ${
        messageOf(second)
      }`,
      cause: error,
    });
  }
}

function dropInLines(
  directory: NodeDirectory,
  { certificate, principalsCommand }: { certificate: string; principalsCommand: string },
): string {
  return `# Written by latchkey's teleport join openssh; do not edit.
HostCertificate "${certificate}"
TrustedUserCAKeys "${directory.userCa}"
AuthorizedPrincipalsCommand ${principalsCommand}
AuthorizedPrincipalsCommandUser root
AuthorizedPrincipalsFile none
`;
}

/** Two clusters on one sshd would decide about each other's people. */
function refuseOtherAuthority(effective: EffectiveConfig, config: string): void {
  const { trustedUserCaKeys, authorizedPrincipalsCommand } = effective;
  const taken = trustedUserCaKeys !== undefined
    ? `TrustedUserCAKeys ${trustedUserCaKeys}`
    : authorizedPrincipalsCommand !== undefined
    ? `AuthorizedPrincipalsCommand ${authorizedPrincipalsCommand}`
    : undefined;
  if (taken === undefined) return;
  throw new ToolError("already_exists", `${config} says already: ${taken}`, {
    hint:
      "Take that out first: sshd knows one authority for users, and would no longer believe the other.",
  });
}

/** A Match block overrules all lines outside of one, and so ours. */
async function refuseDecidingMatch(config: string): Promise<void> {
  const found = await findDecidingMatch(config);
  if (found === undefined) return;
  const { file, line, text } = found;
  throw new ToolError(
    "already_exists",
    `${file}, line ${line}, says in a Match block: ${text.slice(0, 200)}`,
    { hint: "Take that out first: sshd would not ask the cluster's rules about those people." },
  );
}

/** The newest kind of key that there is; clients that know the host by it go on knowing it. */
async function chooseHostKey({ hostKeys }: EffectiveConfig): Promise<string> {
  const found: { path: string; rank: number }[] = [];
  for (const path of hostKeys) {
    try {
      const { type } = parseAuthorizedKey(await Deno.readTextFile(`${path}.pub`));
      found.push({ path, rank: type === "ssh-ed25519" ? 0 : type === "ssh-rsa" ? 2 : 1 });
    } catch { /* sshd does without it, too */ }
  }
  const [best] = found.sort((a, b) => a.rank - b.rank);
  if (best !== undefined) return best.path;
  throw new ToolError("not_found", "sshd has no host key whose public half lies beside it", {
    hint: "Make host keys with: ssh-keygen -A",
  });
}

function addressOf(text: string, port: number): HostPort {
  const address = splitHostPort(isIPv6(text) ? `[${text}]` : text, port);
  if (address !== undefined && address.host !== "") return address;
  throw new ToolError("usage", `"${text}" is not an address, expected host or host:port`);
}

/** Whether sshd, after all that its configuration says elsewhere, will ask us. */
async function confirm(sshd: string, config: string, directory: NodeDirectory): Promise<void> {
  const effective = await readEffectiveConfig(sshd, config);
  const isOurs = effective.trustedUserCaKeys === directory.userCa &&
    effective.authorizedPrincipalsCommand?.includes(directory.principals.replaceAll("%", "%%")) &&
    effective.authorizedPrincipalsCommandUser === "root" &&
    // Whom it names would come in without being asked about.
    effective.authorizedPrincipalsFile === undefined;
  if (isOurs) return;
  throw new ToolError(
    "bad_parameter",
    `${config} overrules the lines that were added: sshd would not ask the cluster's rules`,
    { hint: "Look for TrustedUserCAKeys and AuthorizedPrincipals… in it." },
  );
}
