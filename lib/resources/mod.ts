/**
 * Resources: what administrators write in YAML and the cluster keeps (node, user, role, cluster_auth_preference), and
 * the configuration file `teleport.yaml`.
 *
 * @module
 */

export { type HostPort, joinHostPort, splitHostPort } from "./address.ts";
export { type AuthPreferenceSpec, type ClusterAuthPreference, isRpId } from "./auth_preference.ts";
export type {
  AuthCountName,
  AuthLimitsConfig,
  AuthRateName,
  ProxyLimitsConfig,
  RateConfig,
} from "./limits_config.ts";
export type { Metadata } from "./metadata.ts";
export { checkNode, type NodeResource } from "./node.ts";
export {
  formatResource,
  parseResources,
  type PlacedResource,
  type Resource,
  RESOURCE_KINDS,
} from "./resource.ts";
export { checkRole, type RoleConditions, type RoleResource } from "./role.ts";
export {
  defaultTeleportConfig,
  type LoadedConfig,
  type LogSeverity,
  parseTeleportConfig,
  type TeleportConfig,
} from "./teleport_config.ts";
export type { UserResource } from "./user.ts";
