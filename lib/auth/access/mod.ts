/**
 * Roles, and the rule that decides who may log in where. Nodes use it without the rest of the auth service.
 *
 * @module
 */

export * from "./holder.ts";
export * from "./node_access.ts";
export * from "./node_policy.ts";
export * from "./role.ts";
