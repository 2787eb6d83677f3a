/**
 * The administrator's side of a running cluster: its auth service by RPC, with the certificate from the data directory.
 *
 * @module
 */

export type {
  Admin,
  AdminAuthority,
  AdminInvitation,
  AdminToken,
  AdminUser,
  ClusterStatus,
  NodeQuery,
} from "./admin.ts";
export type { AdminIdentity } from "../auth/admin/mod.ts";
export { type AdminTarget, connectAdmin } from "./connect.ts";
export { connectNode, type NodeCalls, type NodeKeys } from "./node_calls.ts";
