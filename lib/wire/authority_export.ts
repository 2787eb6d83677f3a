/**
 * Certificate authorities as `tctl auth export` and `/webapi/auth/export` print them, in Teleport's forms:
 *
 * | type | form |
 * |---|---|
 * | `user`, `openssh` | `cert-authority <key> clustername=…&type=user`, for authorized_keys |
 * | `host` | `@cert-authority <cluster>,*.<cluster> <key> type=host`, for known_hosts |
 * | `tls-user`, `tls-host` | X.509, PEM |
 *
 * @module
 */

/** What can be exported. */
export const AUTHORITY_EXPORT_TYPES = ["user", "host", "tls-host", "tls-user", "openssh"] as const;

/** One of them. */
export type AuthorityExportType = typeof AUTHORITY_EXPORT_TYPES[number];

/** Whether that can be exported. */
export function isAuthorityExportType(type: string): type is AuthorityExportType {
  return AUTHORITY_EXPORT_TYPES.some((known) => known === type);
}

/** The authority that an export is of. Nodes with OpenSSH trust the one for users here. */
export function authorityOfExport(type: AuthorityExportType): "user" | "host" {
  return type === "host" || type === "tls-host" ? "host" : "user";
}

/** The public side of an authority. */
export interface ExportedAuthority {
  clusterName: string;
  /** authorized_keys lines. */
  sshKeys: readonly string[];
  /** PEM. */
  tlsCerts: readonly string[];
}

/** An authority in the form of `type`, with a newline at its end. */
export function formatAuthority(
  type: AuthorityExportType,
  { clusterName, sshKeys, tlsCerts }: ExportedAuthority,
): string {
  switch (type) {
    case "tls-host":
    case "tls-user":
      return tlsCerts.map((pem) => `${pem.trim()}\n`).join("");
    case "host":
      return sshKeys.map((key) =>
        `@cert-authority ${clusterName},*.${clusterName} ${key} type=host\n`
      ).join("");
    case "user":
    case "openssh": {
      const comment = new URLSearchParams({ clustername: clusterName, type: "user" });
      return sshKeys.map((key) => `cert-authority ${key} ${comment}\n`).join("");
    }
  }
}
