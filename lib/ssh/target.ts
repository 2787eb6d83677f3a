/**
 * Which node is meant, how the proxy is asked for it, and which name its certificate must hold.
 *
 * @module
 */

import { isToolError, ToolError } from "../errors/mod.ts";
import { printable } from "../terminal/mod.ts";
import type { Destination } from "./options/destination.ts";

/** A node that can be dialled. */
export interface NodeTarget {
  /** The name that its host certificate must hold. */
  certifiedName: string;
  /** As ProxySSH wants it: `name:0`, `<uuid>:0`, `address:port`; 0 leaves the port to the node. */
  hostPort: string;
}

/** A node as the cluster lists it. */
export interface ListedNode {
  /** UUID. */
  name: string;
  /** What it calls itself. */
  hostname: string;
  /** `host:port`. */
  address: string;
  /** Static and dynamic ones. */
  labels: Readonly<Record<string, string>>;
}

/** Asks the cluster for nodes, all conditions holding. */
export type ListNodes = (
  query: { labels?: Readonly<Record<string, string>>; searchKeywords?: readonly string[] },
) => Promise<readonly ListedNode[]>;

/** Most nodes that are shown when several match. */
const MAX_SHOWN = 10;

/** The target where it needs no look at the cluster's nodes: a name and a UUID stand for themselves. */
export function directTarget({ node, port }: Destination): NodeTarget | undefined {
  if (node.kind === "name") {
    return { certifiedName: node.name, hostPort: `${node.name}:${port ?? 0}` };
  }
  if (node.kind === "uuid") return { certifiedName: node.uuid, hostPort: `${node.uuid}:0` };
  return undefined;
}

/**
 * The target of a destination that is an address or labels, found among the cluster's nodes.
 *
 * @param labels The labels, read.
 * @throws {ToolError} `not_found` when no node matches, `bad_parameter` when several do.
 */
export async function findTarget(
  destination: Destination,
  labels: Readonly<Record<string, string>> | undefined,
  listNodes: ListNodes,
): Promise<NodeTarget> {
  const { node, port, typed } = destination;
  if (node.kind !== "address") {
    const matching = await listNodes({ labels: labels ?? {} });
    if (matching.length === 0) throw notFound(typed);
    return targetOf(only(matching, typed));
  }
  const { address } = node;
  const nodes = await listNodes({ searchKeywords: [address] });
  const matching = nodes.filter((listed) => isAt(listed.address, address, port));
  if (matching.length > 0) return targetOf(only(matching, typed));
  // Not among the nodes that are listed; the proxy may know better.
  const host = address.includes(":") ? `[${address}]` : address;
  return { certifiedName: address, hostPort: `${host}:${port ?? 0}` };
}

/**
 * Why a node could not be dialled, after a look at the nodes with that name.
 *
 * @param error What dialling it met.
 */
export async function explainDialError(
  error: unknown,
  { node, typed, port }: Destination,
  listNodes: ListNodes,
): Promise<unknown> {
  const isAboutNode = isToolError(error, "connection") || isToolError(error, "not_found") ||
    isToolError(error, "bad_parameter") || isToolError(error, "internal");
  if (!isAboutNode || (node.kind !== "name" && node.kind !== "uuid")) return error;
  const wanted = (node.kind === "name" ? node.name : node.uuid).toLowerCase();
  let nodes: readonly ListedNode[];
  try {
    nodes = await listNodes({ searchKeywords: [wanted] });
  } catch {
    return error;
  }
  const matching = nodes.filter(({ name, hostname, address }) =>
    name.toLowerCase() === wanted ||
    hostname.toLowerCase() === wanted && (port === undefined || address.endsWith(`:${port}`))
  );
  if (matching.length === 0) return notFound(typed, error);
  if (matching.length > 1) return ambiguous(matching, typed);
  return new ToolError("connection", `cannot reach ${typed} (${matching[0]!.address})`, {
    cause: error,
    hint: "The cluster knows the node, but no SSH server answers there. Is it running?",
  });
}

function isAt(listed: string, address: string, port: number | undefined): boolean {
  const match = /^\[?([^\]]*?)\]?:(\d+)$/.exec(listed);
  if (match === null) return listed === address;
  return match[1]!.toLowerCase() === address.toLowerCase() &&
    (port === undefined || Number(match[2]) === port);
}

function targetOf({ name, hostname }: ListedNode): NodeTarget {
  return { certifiedName: hostname || name, hostPort: `${name}:0` };
}

function only(nodes: readonly ListedNode[], typed: string): ListedNode {
  if (nodes.length > 1) throw ambiguous(nodes, typed);
  return nodes[0]!;
}

function notFound(typed: string, cause?: unknown): ToolError {
  return new ToolError("not_found", `no node ${typed} that you may reach`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "See which there are with: tsh ls",
  });
}

function ambiguous(nodes: readonly ListedNode[], typed: string): ToolError {
  const lines = nodes.slice(0, MAX_SHOWN).map(({ name, hostname, address, labels }) => {
    const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`).sort();
    return "  " + printable([hostname, address, name, pairs.join(",")].join("  ").trimEnd());
  });
  if (nodes.length > MAX_SHOWN) lines.push(`  and ${nodes.length - MAX_SHOWN} more`);
  return new ToolError(
    "bad_parameter",
    `${nodes.length} nodes match ${typed}, and one is needed:\n${lines.join("\n")}`,
    { hint: "Name one of them by its UUID, or with more labels." },
  );
}
