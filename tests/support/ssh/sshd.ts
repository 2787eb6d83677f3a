/**
 * A real sshd on loopback that trusts a user authority and shows a host certificate.
 *
 * @module
 */

import { freePort } from "../processes.ts";
import type { SshAuthority } from "./authority.ts";

/** How an sshd is set up. */
export interface SshdOptions {
  /** Certifies the host. */
  hostAuthority: SshAuthority;
  /** Believed for users. */
  userAuthority: SshAuthority;
  /** Names in the host's certificate. */
  names: string[];
  /** Further lines of sshd_config(5). */
  config?: string;
}

/** A running sshd. */
export class Sshd implements AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  readonly #folder: string;
  readonly #process: Deno.ChildProcess;

  private constructor(port: number, folder: string, process: Deno.ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = process;
  }

  /** Starts one and waits until it listens. */
  static async start(options: SshdOptions): Promise<Sshd> {
    const folder = await Deno.makeTempDir({ prefix: "latchkey-sshd-" });
    const port = freePort();
    const key = `${folder}/host_key`;
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
    const publicKey = (await Deno.readTextFile(`${key}.pub`)).trim();
    const certificate = options.hostAuthority.certify("host", publicKey, options.names, {
      toMs: Date.now() + 86_400_000,
    });
    await Deno.writeTextFile(`${key}-cert.pub`, certificate + "\n");
    await Deno.writeTextFile(`${folder}/user_ca.pub`, options.userAuthority.publicKey + "\n");
    await Deno.writeTextFile(
      `${folder}/config`,
      `
ListenAddress 127.0.0.1:${port}
HostKey ${key}
HostCertificate ${key}-cert.pub
TrustedUserCAKeys ${folder}/user_ca.pub
AuthorizedKeysFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
AllowTcpForwarding yes
AllowAgentForwarding yes
AcceptEnv LATCHKEY_*
MaxStartups 100
Subsystem sftp internal-sftp
LogLevel VERBOSE
${options.config ?? ""}
`,
    );
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    const process = new Deno.Command("/usr/sbin/sshd", {
      args: ["-D", "-e", "-f", `${folder}/config`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const sshd = new Sshd(port, folder, process);
    await sshd.#listening();
    return sshd;
  }

  /** Reads until it says that it listens, and then on, so that it is never held up. */
  async #listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    (async () => {
      let said = "";
      for await (const chunk of this.#process.stderr) {
        said += new TextDecoder().decode(chunk);
        if (said.includes("Server listening")) resolve();
      }
      reject(new Error(`sshd ended: ${said}`));
    })().catch(reject);
    await promise;
  }

  /** Ends it. Sessions that are open live on, as with any sshd. */
  async stop(): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch { /* it has ended */ }
    await this.#process.status;
  }

  /** Ends it and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}
