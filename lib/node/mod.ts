/**
 * SSH nodes, run by OpenSSH's own sshd: {@linkcode NodeAgent} is the `ssh_service` of a cluster's own machine.
 *
 * What sshd asks at each login is in `principals/mod.ts`, a door of its own.
 *
 * @module
 */

export { NodeAgent, type NodeCluster, type NodeOptions } from "./agent.ts";
