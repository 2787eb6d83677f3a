/**
 * `tsh ssh` and `tsh scp` whose login is done by a test authority, at once, and whose nodes are dialled directly: for tests of
 * everything between the command line and sshd. The command line, OpenSSH, the agent, the sockets and the lock are real.
 *
 * DIRECT_TSH holds what is in {@linkcode DirectWorld}, as JSON.
 *
 * @module
 */

import { Command } from "commander";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { runTool } from "../../../cmd/tool.ts";
import { addSharedFlags } from "../../../cmd/tsh/flags.ts";
import { scpCommand } from "../../../cmd/tsh/scp/mod.ts";
import type { NodeCluster } from "../../../cmd/tsh/ssh/login.ts";
import { sshCommand } from "../../../cmd/tsh/ssh/mod.ts";
import type { Node } from "../../../lib/client/mod.ts";
import { type Deps, realDeps } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import { SessionKey } from "../../../lib/keys/mod.ts";
import {
  effectiveMlockMode,
  lockMemory,
  type MlockMode,
  SecretPage,
} from "../../../lib/memory/mod.ts";
import { SshAuthority } from "./authority.ts";

/** A node of the world. */
export interface DirectNode {
  uuid: string;
  hostname: string;
  /** Port on 127.0.0.1. */
  port: number;
  labels?: Record<string, string>;
}

/** What the login yields. */
export interface DirectWorld {
  nodes: DirectNode[];
  /** PEM of the authority for users. */
  userAuthority: string;
  /** authorized_keys lines of the host authority. */
  hostAuthorityKeys: string[];
  logins: string[];
  /** How long the certificate is good, in milliseconds. */
  lifetimeMs?: number;
  /** How long approval takes, in milliseconds. */
  approvalMs?: number;
  /** File into which the private key is written, to see that a search finds it. */
  plantKeyIn?: string;
}

const world: DirectWorld = JSON.parse(Deno.env.get("DIRECT_TSH")!);

async function open(options: { mlock: MlockMode }, deps: Deps): Promise<NodeCluster> {
  const report = lockMemory(effectiveMlockMode(options.mlock, true));
  if (options.mlock === "strict" && !report.locked) throw new ToolError("internal", report.reason!);
  const keys = new SessionKey(SecretPage.allocate(report.mode));
  if (world.plantKeyIn !== undefined) {
    await Deno.writeFile(world.plantKeyIn, keys.privateKeyPem);
  }
  const signal = deps.process.interrupted();
  await deps.terminal.stderr("waiting for approval\n");
  await pause(world.approvalMs ?? 0, signal);
  const certificate = SshAuthority.fromPem(world.userAuthority).certify(
    "user",
    keys.sshPublicKey,
    world.logins,
    { toMs: Date.now() + (world.lifetimeMs ?? 60_000) },
  );
  return {
    sshCredentials: () => ({
      sign: (data) => keys.sign(data),
      sshCertificate: certificate,
      hostAuthorityKeys: world.hostAuthorityKeys,
    }),
    listNodes: ({ labels, searchKeywords }) =>
      Promise.resolve(
        world.nodes.map(listed).filter((node) =>
          Object.entries(labels).every(([key, value]) => node.labels[key] === value) &&
          searchKeywords.every((word) => JSON.stringify(node).includes(word))
        ),
      ),
    dialNode: dial,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function listed({ uuid, hostname, port, labels = {} }: DirectNode): Node {
  return {
    name: uuid,
    hostname,
    address: `127.0.0.1:${port}`,
    useTunnel: false,
    labels,
    resource: () => ({}),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, reject, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => reject(signal.reason));
  if (signal.aborted) reject(signal.reason);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

function dial(hostPort: string): Promise<Duplex> {
  const [host, port] = hostPort.split(":");
  const found = world.nodes.filter((node) =>
    node.uuid === host || node.hostname === host && (port === "0" || Number(port) === node.port)
  );
  if (found.length !== 1) {
    return Promise.reject(new ToolError("connection", "the proxy cannot dial that"));
  }
  return new Promise((resolve, reject) => {
    const socket = connect(found[0]!.port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (cause) => reject(new ToolError("connection", cause.message, { cause })));
  });
}

if (import.meta.main) {
  const deps = realDeps();
  const program = addSharedFlags(new Command("tsh").enablePositionalOptions());
  program.addCommand(sshCommand(deps, open)).addCommand(scpCommand(deps, open));
  Deno.exitCode = await runTool(program, Deno.args, deps);
}
