import { createPrivateKey } from "node:crypto";
import { parseSshCertificate, signSsh, type SshCertificate } from "../keys/mod.ts";
import type { AgentKey } from "./agent/agent.ts";

/** The key and certificate of one login, as the agent and the command need them. */
export interface SshIdentity {
  key: AgentKey;
  /** Logins that the certificate is good for, without those that Teleport keeps for itself. */
  logins: string[];
  /** Until when, milliseconds since the Unix epoch. */
  validBeforeMs: number;
}

/** Prefix of principals that are in Teleport's certificates for its own purposes. */
const INTERNAL_PRINCIPAL = "-teleport-";

/**
 * Makes the identity. The private key stays in this process; signatures are made here.
 *
 * @throws {ToolError} `bad_parameter` when the certificate is none.
 */
export function sshIdentity(
  login: { privateKeyPem: string; sshCertificate: string },
): SshIdentity {
  const certificate: SshCertificate = parseSshCertificate(login.sshCertificate);
  const privateKey = createPrivateKey(login.privateKeyPem);
  return {
    key: {
      certificateBlob: certificate.blob,
      comment: certificate.keyId,
      sign: (data) => signSsh(privateKey, data),
    },
    logins: certificate.principals.filter((name) => !name.startsWith(INTERNAL_PRINCIPAL)),
    validBeforeMs: certificate.validBeforeMs,
  };
}
