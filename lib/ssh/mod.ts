/**
 * OpenSSH as the client of a cluster's nodes: ssh and scp as children, with a key and certificate that only this process
 * holds, the host trusted by the cluster's authority alone, and connections that only these children can use.
 *
 * @module
 */

export type { AgentKey } from "./agent/agent.ts";
export type { PlannedHost, SessionHost, SessionLogin } from "./endpoints.ts";
export { type ProcessEnd, USER_AGENT_VARIABLE } from "./held_process.ts";
export { type SshIdentity, sshIdentity } from "./identity.ts";
export { SSH_FAILED, SshError } from "./messages.ts";
export { userArguments } from "./options/arguments.ts";
export { type CopyOperand, localArgument, parseCopyOperand } from "./options/copy_operand.ts";
export {
  checkLogin,
  type Destination,
  isHostName,
  type NodeName,
  parseDestination,
  parsePort,
} from "./options/destination.ts";
export { parseUserOption, type SshOption } from "./options/user_option.ts";
export { findProgram } from "./programs.ts";
export { type SessionPlan, SshSession } from "./session.ts";
export {
  directTarget,
  explainDialError,
  findTarget,
  type ListedNode,
  type ListNodes,
  type NodeTarget,
} from "./target.ts";
export { type OpensshVersion, opensshVersion, requireSftp } from "./version.ts";
