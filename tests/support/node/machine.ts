/**
 * A machine with its own sshd, which has nothing to do with any cluster: a configuration, a host key and a process in a
 * directory of its own.
 *
 * @module
 */

import { freePort, Running, runTool, type StartOptions } from "../processes.ts";

/** A machine. */
export class Machine implements AsyncDisposable {
  readonly folder: string;
  /** Port on 127.0.0.1. */
  readonly port: number;
  #sshd!: Running;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /**
   * Starts its sshd.
   *
   * @param config sshd_config(5); `DIR` stands for the machine's directory.
   */
  static async start(config = "Include DIR/sshd_config.d/*.conf\n"): Promise<Machine> {
    const machine = new Machine(
      await Deno.makeTempDir({ prefix: "latchkey-machine-" }),
      freePort(),
    );
    const { folder, port } = machine;
    await Deno.mkdir(`${folder}/sshd_config.d`);
    await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", `${folder}/host_key`],
    }).output();
    await Deno.writeTextFile(
      machine.config,
      `${config.replaceAll("DIR", folder)}
ListenAddress 127.0.0.1:${port}
Port ${port}
HostKey ${folder}/host_key
PidFile ${folder}/pid
PasswordAuthentication no
KbdInteractiveAuthentication no
`,
    );
    await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    machine.#sshd = new Running(
      new Deno.Command("/usr/sbin/sshd", {
        args: ["-D", "-e", "-f", machine.config],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    await machine.#sshd.waitFor(/Server listening/);
    return machine;
  }

  /** Path of its sshd's configuration. */
  get config(): string {
    return `${this.folder}/sshd_config`;
  }

  /** Path of its data directory. */
  get dataDir(): string {
    return `${this.folder}/data`;
  }

  /** What its sshd logs. */
  get sshd(): Running {
    return this.#sshd;
  }

  /** Runs `teleport` there. */
  teleport(
    args: string[],
    options: StartOptions = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    return runTool("teleport", [...args, `--data-dir=${this.dataDir}`], options);
  }

  /** Joins a cluster. */
  join(
    proxy: string,
    token: string,
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    return this.teleport([
      "join",
      "openssh",
      `--proxy-server=${proxy}`,
      `--token=${token}`,
      `--openssh-config=${this.config}`,
      "--address=127.0.0.1",
      ...args,
    ]);
  }

  /** Names and contents of all its files, to see what has changed. */
  async files(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const visit = async (path: string) => {
      for await (const entry of Deno.readDir(path)) {
        const below = `${path}/${entry.name}`;
        if (entry.isDirectory) await visit(below);
        else found[below.slice(this.folder.length + 1)] = await Deno.readTextFile(below);
      }
    };
    await visit(this.folder);
    // Written anew when sshd reads its configuration again.
    delete found["pid"];
    return found;
  }

  /** Ends its sshd and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sshd.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}
