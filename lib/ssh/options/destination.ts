import { isIP } from "node:net";
import { ToolError } from "../../errors/mod.ts";

/** A node, as a person names it. */
export type NodeName =
  /** Its host name. */
  | { kind: "name"; name: string }
  /** The name that the cluster gave it. */
  | { kind: "uuid"; uuid: string }
  /** Its IP address. */
  | { kind: "address"; address: string }
  /** Labels that only this node has, as typed. */
  | { kind: "labels"; labels: string };

/** Where to log in. */
export interface Destination {
  /** What was typed for the host, for messages. */
  typed: string;
  /** Absent when it was not part of the destination. */
  login: string | undefined;
  /** The node. */
  node: NodeName;
  /** Port of the node's SSH server; absent where none was named, and then the node's own is meant. */
  port: number | undefined;
}

/** RFC 9562 §4. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Names of hosts as DNS and Teleport know them, and nothing that a shell, ssh's configuration or `%` would read. */
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?\.?$/;

/** Longest login that is sent; Linux's useradd takes 32, directories more. */
const MAX_LOGIN_LENGTH = 128;

/** Whether `text` can stand as a host's name on ssh's command line and in its configuration. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

/**
 * Reads `[login@]host`, where host is a name, an address, a UUID or `label=value[,label=value]`; a port may follow a name,
 * an IPv4 address or a bracketed address: `web:22`, `[2001:db8::1]:22`.
 *
 * @throws {ToolError} `usage` when it is none of these.
 */
export function parseDestination(text: string): Destination {
  const at = text.lastIndexOf("@");
  // In `team=a@b` the sign belongs to the value.
  const hasLogin = at >= 0 && !text.slice(0, at).includes("=");
  const host = hasLogin ? text.slice(at + 1) : text;
  const login = hasLogin ? checkLogin(text.slice(0, at)) : undefined;
  if (host === "") throw new ToolError("usage", `"${text}" names no host`);
  if (host.startsWith("-")) {
    throw new ToolError("usage", `"${host}" cannot be a host: it begins with a dash`, {
      hint: "Flags of tsh come before the host.",
    });
  }
  if (host.includes("=")) {
    return { typed: host, login, node: { kind: "labels", labels: host }, port: undefined };
  }
  const { name, port } = splitPort(host);
  return { typed: host, login, node: nodeName(name, host), port };
}

/**
 * A login that can be handed to ssh.
 *
 * @throws {ToolError} `usage` when it is empty, too long, begins with a dash or holds what no login has.
 */
export function checkLogin(login: string): string {
  // deno-lint-ignore no-control-regex -- refusing them is the point
  const isPlain = /^[^-\s\x00-\x1f\x7f:'"`$\\;&<>|(){}][^\s\x00-\x1f\x7f:'"`$\\;&<>|(){}]*$/;
  if (login.length > MAX_LOGIN_LENGTH || !isPlain.test(login)) {
    throw new ToolError("usage", `${JSON.stringify(login)} cannot be a login`);
  }
  return login;
}

/**
 * A port as a flag gives it.
 *
 * @throws {ToolError} `usage` when it is not a number from 1 to 65535.
 */
export function parsePort(text: string, flag: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new ToolError("usage", `${flag} has the value "${text}", expected a port, 1 to 65535`);
  }
  return port;
}

function splitPort(host: string): { name: string; port: number | undefined } {
  const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(host) ?? /^([^:]*)(?::([^:]*))?$/s.exec(host);
  if (match === null) return { name: host, port: undefined };
  const port = match[2] === undefined ? undefined : parsePort(match[2], `the port in "${host}"`);
  return { name: match[1]!, port };
}

function nodeName(name: string, typed: string): NodeName {
  if (isIP(name) !== 0) return { kind: "address", address: name };
  if (UUID.test(name)) return { kind: "uuid", uuid: name.toLowerCase() };
  if (!isHostName(name)) {
    throw new ToolError("usage", `${JSON.stringify(typed)} is not the name of a host`, {
      hint: "Name it as tsh ls does, by address, by UUID, or by labels: label=value,label=value.",
    });
  }
  return { kind: "name", name };
}
