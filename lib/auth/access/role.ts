import type { RoleConditions, RoleResource } from "../../resources/mod.ts";

const NOTHING: RoleConditions = { logins: [], node_labels: {} };

/** A role as Teleport presets it, with the parts that this cluster knows. */
function preset(
  name: string,
  description: string,
  { forwardAgent = false, allow = NOTHING }: { forwardAgent?: boolean; allow?: RoleConditions },
): RoleResource {
  return {
    kind: "role",
    version: "v6",
    metadata: { name, description, labels: {} },
    spec: {
      options: { forward_agent: forwardAgent, port_forwarding: true, max_session_ttl: "30h0m0s" },
      allow,
      deny: NOTHING,
    },
  };
}

/** The roles that every cluster has. */
export const BUILT_IN_ROLES: readonly RoleResource[] = [
  preset("access", "Access cluster resources", {
    forwardAgent: true,
    allow: { logins: ["{{internal.logins}}"], node_labels: { "*": ["*"] } },
  }),
  preset("auditor", "Review cluster events and replay sessions", {}),
  preset("editor", "Edit cluster configuration", { forwardAgent: true }),
];

/** Finds a role by its name. */
export type FindRole = (name: string) => RoleResource | undefined;

/** The role of that name that every cluster has, or `undefined`. */
export function findRole(name: string): RoleResource | undefined {
  return BUILT_IN_ROLES.find((role) => role.metadata.name === name);
}

/**
 * The roles of these names. What a role would deny that is not there cannot be known, so if one of them is missing the answer
 * is no roles at all.
 */
export function rolesOf(names: readonly string[], find: FindRole = findRole): RoleResource[] {
  const roles = names.map(find);
  return roles.every((role) => role !== undefined) ? roles : [];
}
