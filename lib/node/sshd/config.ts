import { type HostPort, joinHostPort } from "../../resources/mod.ts";
import type { NodeDirectory } from "../directory.ts";

/** What differs from node to node. */
export interface SshdConfig {
  directory: NodeDirectory;
  listen: HostPort;
  /** Value of AuthorizedPrincipalsCommand. */
  principalsCommand: string;
  /** Whether sshd asks PAM for the account and opens its sessions there. */
  usePam: boolean;
}

/**
 * The configuration of a node's sshd, sshd_config(5). Certificates of the cluster are the one way in, whatever the
 * machine's own sshd allows, and {@linkcode SshdConfig.principalsCommand} decides on each.
 */
export function sshdConfig(
  { directory, listen, principalsCommand, usePam }: SshdConfig,
): string {
  const address = { host: listen.host || "0.0.0.0", port: listen.port };
  return `# Written by latchkey at each start; changes are lost.
ListenAddress ${joinHostPort(address)}
PidFile "${directory.pidFile}"
LogLevel INFO

# Who this is
HostKey "${directory.hostKey}"
HostCertificate "${directory.hostCertificate}"

# Who may come in: certificates of the cluster, if the node says so
TrustedUserCAKeys "${directory.userCa}"
AuthorizedPrincipalsCommand ${principalsCommand}
AuthorizedPrincipalsCommandUser root
AuthorizedPrincipalsFile none
AuthorizedKeysFile none
AuthorizedKeysCommand none
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
HostbasedAuthentication no
PermitEmptyPasswords no
PermitRootLogin prohibit-password
UsePAM ${usePam ? "yes" : "no"}

# All connections come from the proxy, so there are many from one address
MaxStartups 200:30:400
LoginGraceTime 60
ClientAliveInterval 60
ClientAliveCountMax 3

# What they may do; certificates without the permission get none
AllowTcpForwarding yes
AllowAgentForwarding yes
X11Forwarding no
PermitUserEnvironment no
AcceptEnv LANG LC_*
PrintMotd no
Subsystem sftp internal-sftp
`;
}
