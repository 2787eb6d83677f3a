import type { NodeResource, RoleResource } from "../resources/mod.ts";

/** The cluster as a whole. */
export interface ClusterStatus {
  /** The cluster's name. */
  clusterName: string;
  /** Version of the program that runs it. */
  version: string;
  /** `host:port` under which people find the proxy. */
  proxyPublicAddr: string;
  /** Pins of the host authority's certificates: `sha256:` and the digest of the public key, in hexadecimal. */
  caPins: string[];
}

/** A user, as administrators see one. */
export interface AdminUser {
  /** What the person signs in with. */
  name: string;
  /** Names of the user's roles. */
  roles: string[];
  /** Operating system logins. */
  logins: string[];
  /** When the user was created, milliseconds since the Unix epoch; absent when the cluster does not say. */
  createdAtMs?: number;
  /** Whether the user is locked out. */
  locked: boolean;
}

/** What a user follows to set a password and register a key. */
export interface AdminInvitation {
  /** The token in the URL. */
  token: string;
  /** `invite` for a new user, `password` for a reset. */
  kind: "invite" | "password";
  /** Whom it is for. */
  user: string;
  /** Where to go. */
  url: string;
  /** Milliseconds since the Unix epoch. */
  createdAtMs: number;
  /** Milliseconds since the Unix epoch. */
  expiresAtMs: number;
}

/** A token with which machines join. */
export interface AdminToken {
  /** Names it without giving it away. */
  id: string;
  /** Milliseconds since the Unix epoch. */
  expiresAtMs: number;
}

/** The public side of a certificate authority. */
export interface AdminAuthority {
  /** authorized_keys lines. */
  sshKeys: string[];
  /** X.509 certificates, PEM. */
  tlsCerts: string[];
}

/** Which nodes are wanted. */
export interface NodeQuery {
  /** Only nodes that have all of these. */
  labels?: Record<string, string>;
  /** Only nodes in which each of these words is found. */
  searchKeywords?: string[];
  /** Only nodes for which this expression of Teleport's predicate language holds. */
  predicateExpression?: string;
}

/**
 * What an administrator can do to a cluster. All methods throw `ToolError` as the cluster says it: `not_found`,
 * `already_exists`, `bad_parameter`, `access_denied`, `connection`.
 */
export interface Admin extends AsyncDisposable {
  /** The cluster as a whole. */
  status(): Promise<ClusterStatus>;
  /** All users, by name. */
  listUsers(): Promise<AdminUser[]>;
  /** Makes a user, who needs an invitation to do anything. */
  createUser(user: { name: string; roles: string[]; logins: string[] }): Promise<void>;
  /** Removes a user and all that is the user's. */
  deleteUser(name: string): Promise<void>;
  /** Makes an invitation and voids earlier ones; a reset also removes password and keys. */
  invite(name: string, options: { reset: boolean; ttlMs?: number }): Promise<AdminInvitation>;
  /** Nodes, by host name. */
  listNodes(query: NodeQuery): Promise<NodeResource[]>;
  /** Writes a node, whether it existed or not. */
  upsertNode(node: NodeResource): Promise<void>;
  /** Removes a node, and what it was given when it joined. */
  deleteNode(name: string): Promise<void>;
  /** Writes a role, whether it existed or not. */
  upsertRole(role: RoleResource): Promise<void>;
  /** Removes a role. */
  deleteRole(name: string): Promise<void>;
  /** Makes `token` one with which machines join as nodes. */
  createToken(token: string, expiresAtMs: number): Promise<void>;
  /** Tokens that are good, the first to expire first. */
  listTokens(): Promise<AdminToken[]>;
  /** Removes a token, named by itself or by its id. */
  deleteToken(tokenOrId: string): Promise<void>;
  /** A certificate authority. */
  authority(kind: "user" | "host"): Promise<AdminAuthority>;
  /** An SSH host certificate with these names, one line. Without `ttlMs` it does not expire. */
  certifyHost(
    request: { sshPublicKey: string; principals: string[]; ttlMs?: number },
  ): Promise<string>;
}
