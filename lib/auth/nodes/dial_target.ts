import { ToolError } from "../../errors/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";

/** A place to dial, as a client names it. */
export interface DialTarget {
  /** A host name, node name or address, without brackets. */
  host: string;
  /** 0 when the client leaves it to the node. */
  port: number;
}

/**
 * Splits `server01:0`, `<uuid>:0`, `192.0.2.1:22`, `[2001:db8::1]:22` or a host alone.
 *
 * @throws {ToolError} `bad_parameter` when it is none of these.
 */
export function parseDialTarget(text: string): DialTarget {
  const match = text.length > 512
    ? null
    : /^(?:\[([^[\]\s]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/.exec(text) ??
      /^()([0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)$/i.exec(text);
  const host = match?.[1] || match?.[2];
  const port = Number(match?.[3] ?? 0);
  if (!host || port > 65535) {
    throw new ToolError("bad_parameter", "dial target is malformed: expected host:port");
  }
  return { host, port };
}

/**
 * The one node that `target` means.
 *
 * A node's own name (a UUID, usually) means that node and no other. Else the host is compared with host names, whatever the
 * case, and only when nobody is called so with the hosts of addresses; and the port, unless it is 0, with those of the addresses.
 *
 * @throws {ToolError} `not_found` when there is none, and when there are several.
 */
export function findDialTarget(nodes: Iterable<NodeResource>, target: DialTarget): NodeResource {
  const host = target.host.toLowerCase();
  const named: NodeResource[] = [];
  const addressed: NodeResource[] = [];
  for (const node of nodes) {
    if (node.metadata.name.toLowerCase() === host) return node;
    if (node.spec.hostname.toLowerCase() === host) named.push(node);
    if (addressesOf(node).some((address) => isHost(address, host))) addressed.push(node);
  }
  // Also when the port is another one: an address must not catch what is meant for a name.
  const found = named.length > 0
    ? named.filter((node) => addressesOf(node).some((address) => isPort(address, target.port)))
    : addressed.filter((node) =>
      addressesOf(node).some((address) => isHost(address, host) && isPort(address, target.port))
    );
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new ToolError("not_found", "ambiguous host could match multiple nodes", {
      hint: "Use the node's UUID; tsh ls -v shows it.",
    });
  }
  throw new ToolError("not_found", `node "${target.host}" not found`);
}

/** Where a node says that it is reached. */
export function addressesOf({ spec }: NodeResource): DialTarget[] {
  return [spec.addr, ...spec.public_addrs].map(tryParse).filter((address) => address !== undefined);
}

function isHost(address: DialTarget, host: string): boolean {
  return address.host.toLowerCase() === host;
}

function isPort(address: DialTarget, port: number): boolean {
  return port === 0 || port === address.port;
}

function tryParse(text: string): DialTarget | undefined {
  try {
    return parseDialTarget(text);
  } catch {
    return undefined;
  }
}
