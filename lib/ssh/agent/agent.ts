/**
 * An ssh-agent that holds one key and its certificate, in memory, for one command.
 *
 * It lists the certificate and signs with the key, nothing else: no adding, no removing, no locking. What it signs must be
 * a user authentication request (RFC 4252 §7) for that certificate; so a process that reaches it cannot have other
 * things signed.
 *
 * @module
 */

import { SshReader } from "../../keys/mod.ts";
import { AGENT_MESSAGE, agentMessage, sshConcat } from "./message.ts";

/** A key that an agent offers. */
export interface AgentKey {
  /** The certificate, in SSH wire form. */
  certificateBlob: Uint8Array;
  /** What `ssh-add -l` would show. */
  comment: string;
  /**
   * Signs, giving `string algorithm | string signature`. `flags` ask for another hash with RSA keys
   * (draft-ietf-sshm-ssh-agent §5.6.1).
   */
  sign(data: Uint8Array, flags: number): Uint8Array;
}

/** RFC 4252 §6. */
const SSH_MSG_USERAUTH_REQUEST = 50;

/**
 * Answers one message (`byte type | contents`). Whatever is not understood, malformed or not allowed is answered with
 * a failure, as the protocol wants.
 */
export function answerAgentMessage(key: AgentKey, message: Uint8Array): Uint8Array {
  try {
    if (message[0] === AGENT_MESSAGE.requestIdentities) {
      const identities = sshConcat(1, key.certificateBlob, key.comment);
      return agentMessage(AGENT_MESSAGE.identitiesAnswer, identities);
    }
    if (message[0] === AGENT_MESSAGE.signRequest) {
      const reader = new SshReader(message.subarray(1), "agent message");
      const blob = reader.string();
      const data = reader.string();
      const flags = reader.uint32();
      reader.end();
      if (
        equalBytes(blob, key.certificateBlob) && isUserAuthentication(data, key.certificateBlob)
      ) {
        return agentMessage(AGENT_MESSAGE.signResponse, sshConcat(key.sign(data, flags)));
      }
    }
  } catch { /* malformed: answered like anything else that is not understood */ }
  return agentMessage(AGENT_MESSAGE.failure);
}

/**
 * Whether `data` is what a client signs to log in with `certificateBlob`: `string session id | byte 50 | string user |
 * string "ssh-connection" | string "publickey" | boolean TRUE | string algorithm | string key` (RFC 4252 §7), or OpenSSH's
 * host-bound form of it, which appends the host key (PROTOCOL, §3.1).
 */
export function isUserAuthentication(data: Uint8Array, certificateBlob: Uint8Array): boolean {
  try {
    const reader = new SshReader(data, "data to sign");
    reader.string();
    if (reader.raw(1)[0] !== SSH_MSG_USERAUTH_REQUEST) return false;
    reader.string();
    if (reader.text() !== "ssh-connection") return false;
    const method = reader.text();
    const hostBound = method === "publickey-hostbound-v00@openssh.com";
    if (method !== "publickey" && !hostBound) return false;
    if (reader.raw(1)[0] !== 1) return false;
    reader.string();
    if (!equalBytes(reader.string(), certificateBlob)) return false;
    if (hostBound) reader.string();
    reader.end();
    return true;
  } catch {
    return false;
  }
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
