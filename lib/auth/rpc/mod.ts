/**
 * The auth service by RPC: handlers of `proto.AuthService`, `teleport.trust.v1.TrustService` and `latchkey.node.v1.NodePolicyService`
 * over the facade. The proxy serves them on its port.
 *
 * @module
 */

export { type AuthRpcOptions, authServiceHandlers } from "./auth_service.ts";
export type { RpcPeer } from "./handlers.ts";
export { nodePolicyHandlers } from "./hosts.ts";
export { trustServiceHandlers } from "./trust_service.ts";
