import { messageOf, ToolError } from "../../errors/mod.ts";

/** The file in the data directory: private key, certificate and the host CA's certificates in PEM, in this order. */
export const ADMIN_IDENTITY_FILE = "admin/identity.pem";

/** Longest file that is read. */
const MAX_BYTES = 256 * 1024;

/** With what an administrator calls the auth service. */
export interface AdminIdentity {
  /** PKCS #8, PEM. */
  keyPem: string;
  /** Client certificate, PEM. */
  certPem: string;
  /** Certificates of the host CA, with which the auth service proves itself, PEM. */
  hostCasPem: string[];
}

/**
 * Reads the administrator's identity below `dataDir`.
 *
 * @throws {ToolError} `not_found` when there is none, `access_denied` when it may not be read, `bad_parameter` when it is
 * damaged.
 */
export async function readAdminIdentity(dataDir: string): Promise<AdminIdentity> {
  const path = `${dataDir}/${ADMIN_IDENTITY_FILE}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new ToolError("not_found", `no administrator's identity at ${path}`, {
        hint: "Start the cluster once, and give tctl the same data directory.",
        cause,
      });
    }
    throw new ToolError(
      cause instanceof Deno.errors.PermissionDenied ? "access_denied" : "internal",
      `cannot read the administrator's identity: ${messageOf(cause)}`,
      { hint: "Run tctl as the user whom the cluster runs as.", cause },
    );
  }
  const blocks = text.length > MAX_BYTES
    ? []
    : text.match(/-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\n]+-----END \1-----\n/g) ?? [];
  const [keyPem, certPem, ...hostCasPem] = blocks;
  if (
    !keyPem?.startsWith("-----BEGIN PRIVATE KEY-----") || certPem === undefined ||
    hostCasPem.length === 0
  ) {
    throw new ToolError("bad_parameter", `${path} is not an administrator's identity`, {
      hint: "Restart the cluster, which writes it anew.",
    });
  }
  return { keyPem, certPem, hostCasPem };
}

/** Writes the identity so that a reader sees the old file or the new one, whole, and no other user sees either. */
export async function writeAdminIdentity(dataDir: string, identity: AdminIdentity): Promise<void> {
  const path = `${dataDir}/${ADMIN_IDENTITY_FILE}`;
  const directory = path.slice(0, path.lastIndexOf("/"));
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = await Deno.makeTempFile({ dir: directory, prefix: ".identity-" });
  try {
    if (Deno.build.os !== "windows") await Deno.chmod(draft, 0o600);
    const { keyPem, certPem, hostCasPem } = identity;
    await Deno.writeTextFile(draft, [keyPem, certPem, ...hostCasPem].join(""));
    await Deno.rename(draft, path);
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
}
