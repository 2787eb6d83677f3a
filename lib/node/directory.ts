/**
 * The files with which a node's sshd runs, in a directory for root alone:
 *
 *     ssh_host_ed25519_key            host key, made here, never leaves
 *     ssh_host_ed25519_key-cert.pub   the cluster's certificate for it
 *     user_ca.pub                     the cluster's authority for users
 *     policy.json                     what the node decides by
 *     decisions.jsonl                 what it decided, until that is in the log
 *     principals                      the command that sshd asks
 *     sshd_config, sshd.pid
 *
 * @module
 */

import { isToolError, messageOf, ToolError } from "../errors/mod.ts";
import { generateKeyPair, openSshPrivateKey } from "../keys/mod.ts";
import { DECISIONS_FILE, POLICY_FILE } from "./principals/mod.ts";
import { requireRootsOwn } from "./safe_path.ts";

/** Mode of files that programs of other users may not even read. */
const PRIVATE = 0o600;

/** A node's directory. */
export class NodeDirectory {
  /** Absolute path. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the directory, making it when it is missing.
   *
   * @throws {ToolError} `bad_parameter` for a path that sshd's configuration cannot hold, `access_denied` for one that others than
   * root can change, `internal` when it cannot be written.
   */
  static async open(path: string): Promise<NodeDirectory> {
    // deno-lint-ignore no-control-regex
    if (!path.startsWith("/") || /["\\\x00-\x1f\x7f]/.test(path)) {
      throw new ToolError(
        "bad_parameter",
        `sshd cannot use files in ${
          JSON.stringify(path)
        }: quotes, backslashes and control characters cannot be in its path`,
      );
    }
    const directory = new NodeDirectory(path);
    await requireRootsOwn(path);
    try {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
      // In a sticky directory somebody may have been faster.
      await requireRootsOwn(path);
      await Deno.chmod(path, 0o700);
      await Deno.writeTextFile(directory.file(DECISIONS_FILE), "", { mode: PRIVATE, append: true });
    } catch (cause) {
      if (isToolError(cause)) throw cause;
      throw new ToolError("internal", `cannot write ${path}: ${messageOf(cause)}`, { cause });
    }
    return directory;
  }

  /** Path of a file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  get hostKey(): string {
    return this.file("ssh_host_ed25519_key");
  }

  get hostCertificate(): string {
    return `${this.hostKey}-cert.pub`;
  }

  get userCa(): string {
    return this.file("user_ca.pub");
  }

  get config(): string {
    return this.file("sshd_config");
  }

  get pidFile(): string {
    return this.file("sshd.pid");
  }

  get policy(): string {
    return this.file(POLICY_FILE);
  }

  get decisions(): string {
    return this.file(DECISIONS_FILE);
  }

  get principals(): string {
    return this.file("principals");
  }

  /** Writes a file in one step: whoever reads sees all of the old or all of the new. */
  async write(path: string, text: string, mode: number = PRIVATE): Promise<void> {
    const temporary = `${path}.new`;
    try {
      await Deno.writeTextFile(temporary, text, { mode });
      await Deno.chmod(temporary, mode);
      await Deno.rename(temporary, path);
    } catch (cause) {
      throw new ToolError("internal", `cannot write ${path}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Removes a file, when it is there. */
  async remove(path: string): Promise<void> {
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  /** The host's public key, an authorized_keys line. Makes the key pair when there is none. */
  async openHostKey(): Promise<string> {
    const publicFile = `${this.hostKey}.pub`;
    try {
      await Deno.stat(this.hostKey);
      return (await Deno.readTextFile(publicFile)).trim();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const { privateKeyPem, sshPublicKey } = generateKeyPair();
    // The private half last: it is there only when all is.
    await this.write(publicFile, sshPublicKey + "\n", 0o644);
    await this.write(this.hostKey, openSshPrivateKey(privateKeyPem));
    return sshPublicKey;
  }
}
