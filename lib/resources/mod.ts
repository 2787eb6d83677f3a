/**
 * Resources: what administrators write in YAML and the cluster keeps (node, user, role, cluster_auth_preference), and
 * the configuration file `teleport.yaml`.
 *
 * @module
 */

export type { Metadata } from "./metadata.ts";
export type { NodeResource } from "./node.ts";
