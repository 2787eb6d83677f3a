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
 * case, and with the hosts of addresses, and the port, unless it is 0, with that of the address.
 *
 * @throws {ToolError} `not_found` when there is none, and when there are several.
 */
export function findDialTarget(nodes: Iterable<NodeResource>, target: DialTarget): NodeResource {
  const host = target.host.toLowerCase();
  const found: NodeResource[] = [];
  for (const node of nodes) {
    if (node.metadata.name.toLowerCase() === host) return node;
    if (isMeant(node, host, target.port)) found.push(node);
  }
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new ToolError("not_found", "ambiguous host could match multiple nodes", {
      hint: "Use the node's UUID; tsh ls -v shows it.",
    });
  }
  throw new ToolError("not_found", `node "${target.host}" not found`);
}

function isMeant(node: NodeResource, host: string, port: number): boolean {
  return [node.spec.addr, ...node.spec.public_addrs].some((text) => {
    const address = tryParse(text);
    if (address === undefined) return false;
    const isHost = address.host.toLowerCase() === host || node.spec.hostname.toLowerCase() === host;
    return isHost && (port === 0 || port === address.port);
  });
}

function tryParse(text: string): DialTarget | undefined {
  try {
    return parseDialTarget(text);
  } catch {
    return undefined;
  }
}
