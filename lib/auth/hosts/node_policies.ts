import { getLogger } from "@logtape/logtape";
import type { Backend } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { messageOf } from "../../errors/mod.ts";
import { mayAccessNode, NODE_POLICY_VERSION, type NodePolicy, rolesOf } from "../access/mod.ts";
import type { Authorities } from "../authorities.ts";
import type { RoleService } from "../roles.ts";
import type { SettingsService } from "../settings.ts";
import { authPreferenceKey, rolesPrefix, usersPrefix } from "../store_keys.ts";
import type { UserService } from "../users.ts";

const log = getLogger(["latchkey", "auth"]);

/** How long a node may use a policy without hearing from its cluster. */
export const NODE_POLICY_TTL_MS = 3_600_000;
/** Between attempts to follow changes again when the watch broke off. */
const RETRY_MS = 1_000;

/** What policies are made from. */
export interface NodePoliciesContext {
  backend: Backend;
  users: UserService;
  roles: RoleService;
  settings: SettingsService;
  authorities: Authorities;
  deps: Pick<Deps, "clock">;
}

/** Makes what nodes decide by, and tells when it has changed. */
export class NodePolicies {
  readonly #context: NodePoliciesContext;

  /** Policies of the context's cluster. */
  constructor(context: NodePoliciesContext) {
    this.#context = context;
  }

  /** The policy of this moment, read from the store. */
  async of(
    { node, labels }: { node: string; labels: Record<string, string> },
  ): Promise<NodePolicy> {
    const { users, roles, settings, authorities, deps } = this.#context;
    const [everybody, allRoles, { requireSessionMfa }] = await Promise.all([
      users.all(),
      roles.read(),
      settings.authPreference(),
    ]);
    const byName = new Map(allRoles.map((role) => [role.metadata.name, role]));
    const policyUsers: NodePolicy["users"] = {};
    const needed = new Set<string>();
    for (const { name, roles: names, logins, locked, certificatesFromMs } of everybody) {
      const theirs = rolesOf(names, (role) => byName.get(role));
      if (locked || !mayAccessNode(theirs, { logins }, labels)) continue;
      policyUsers[name] = { roles: names, logins, certificatesFromMs };
      for (const role of names) needed.add(role);
    }
    const now = deps.clock.now();
    return {
      version: NODE_POLICY_VERSION,
      clusterName: settings.clusterName,
      node,
      labels,
      userCaKeys: authorities.publicSide("user").checkingKeys,
      requireSessionMfa,
      users: policyUsers,
      roles: allRoles.filter((role) => needed.has(role.metadata.name)),
      issuedAtMs: now,
      expiresAtMs: now + NODE_POLICY_TTL_MS,
    };
  }

  /** Yields once at the start, and after each change of users, roles or settings, until `signal` aborts. */
  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    while (!signal.aborted) {
      try {
        using watcher = await this.#context.backend.watch([
          usersPrefix,
          rolesPrefix,
          authPreferenceKey,
        ]);
        const close = () => watcher.close();
        signal.addEventListener("abort", close, { once: true });
        try {
          if (signal.aborted) return;
          yield;
          for await (const _ of watcher) yield;
        } finally {
          signal.removeEventListener("abort", close);
        }
      } catch (error) {
        log.warn("watch on users and roles broke off: {reason}", { reason: messageOf(error) });
      }
      if (!signal.aborted) await pause(signal);
    }
  }
}

function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, RETRY_MS);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
