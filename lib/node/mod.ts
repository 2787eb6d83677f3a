/**
 * SSH nodes, run by OpenSSH's own sshd: {@linkcode NodeAgent} is the `ssh_service` of a cluster's own machine;
 * {@linkcode joinOpenssh} makes a node of a machine with an sshd of its own, which {@linkcode refreshNode} keeps one.
 *
 * What sshd asks at each login is in `principals/mod.ts`, a door of its own.
 *
 * @module
 */

export { NodeAgent, type NodeCluster, type NodeOptions } from "./agent.ts";
export { type Joined, joinOpenssh, type JoinOptions } from "./openssh/join.ts";
export { type Refreshed, refreshNode } from "./openssh/refresh.ts";
export type { JoinedNode } from "./openssh/state.ts";
export type { ClusterTrust } from "./openssh/enrol.ts";
