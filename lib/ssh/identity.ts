import { parseSshCertificate, type SshCertificate } from "../keys/mod.ts";
import type { AgentKey } from "./agent/agent.ts";

/** The key and certificate of one login, as the agent and the command need them. */
export interface SshIdentity {
  /** What the agent offers. */
  key: AgentKey;
  /** Logins that the certificate is good for, without those that Teleport keeps for itself. */
  logins: string[];
  /** Until when, milliseconds since the Unix epoch. */
  validBeforeMs: number;
}

/** Prefix of principals that are in Teleport's certificates for its own purposes. */
const INTERNAL_PRINCIPAL = "-teleport-";

/**
 * Makes the identity. The private key stays where it is; signatures are made there.
 *
 * @throws {ToolError} `bad_parameter` when the certificate is none.
 */
export function sshIdentity(
  login: { sign: (data: Uint8Array) => Uint8Array; sshCertificate: string },
): SshIdentity {
  const certificate: SshCertificate = parseSshCertificate(login.sshCertificate);
  return {
    key: {
      certificateBlob: certificate.blob,
      comment: certificate.keyId,
      sign: (data) => login.sign(data),
    },
    logins: certificate.principals.filter((name) => !name.startsWith(INTERNAL_PRINCIPAL)),
    validBeforeMs: certificate.validBeforeMs,
  };
}
