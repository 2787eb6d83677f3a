/**
 * Nodes with real sshd's and a `tsh` whose login a test authority answers at once (`direct_tsh.ts`).
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Running } from "../processes.ts";
import { SshAuthority } from "./authority.ts";
import type { DirectNode, DirectWorld } from "./direct_tsh.ts";
import { Sshd } from "./sshd.ts";

const main = fileURLToPath(new URL("./direct_tsh.ts", import.meta.url));

/** How a command is started. */
export interface TshOptions {
  /** What is different about the login. */
  world?: Partial<DirectWorld>;
  env?: Record<string, string>;
  stdin?: "null" | "piped";
  cwd?: string;
}

/** Nodes `server01` and `server02`, an empty runtime directory, and a way to run tsh. */
export class SshWorld implements AsyncDisposable {
  /** The operating system's user, who can log in everywhere. */
  static readonly login: string = osUser();
  readonly hostAuthority: SshAuthority;
  readonly userAuthority: SshAuthority;
  /** XDG_RUNTIME_DIR of every command. */
  readonly runtimeDir: string;
  /** A folder for files. */
  readonly folder: string;
  /** What the cluster knows; tests may add to it. */
  readonly nodes: DirectNode[] = [];
  readonly #stack = new AsyncDisposableStack();

  private constructor(folder: string) {
    this.folder = `${folder}/files`;
    this.runtimeDir = `${folder}/run`;
    this.hostAuthority = SshAuthority.generate();
    this.userAuthority = SshAuthority.generate();
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
  }

  /** Starts the nodes. */
  static async start(): Promise<SshWorld> {
    const world = new SshWorld(await Deno.makeTempDir({ prefix: "latchkey-ssh-" }));
    await Deno.mkdir(world.folder);
    await Deno.mkdir(world.runtimeDir, { mode: 0o700 });
    await world.addNode("server01", { labels: { env: "prod", role: "web" } });
    await world.addNode("server02", { labels: { env: "prod", role: "db" } });
    return world;
  }

  /** Starts a node; another authority or other names make it one that must not be trusted. */
  async addNode(
    hostname: string,
    options: {
      labels?: Record<string, string>;
      authority?: SshAuthority;
      names?: string[];
      config?: string;
    } = {},
  ): Promise<Sshd> {
    const uuid = crypto.randomUUID();
    const sshd = await Sshd.start({
      hostAuthority: options.authority ?? this.hostAuthority,
      userAuthority: this.userAuthority,
      names: options.names ?? [hostname, uuid],
      ...(options.config === undefined ? {} : { config: options.config }),
    });
    this.#stack.use(sshd);
    this.nodes.push({ uuid, hostname, port: sshd.port, labels: options.labels ?? {} });
    return sshd;
  }

  /** The node of that name. */
  node(hostname: string): DirectNode {
    return this.nodes.find((node) => node.hostname === hostname)!;
  }

  /** The command line of tsh with these arguments. */
  command(args: readonly string[]): string[] {
    return [Deno.execPath(), "run", "-A", "--no-check", "--quiet", main, ...args];
  }

  /** The environment of tsh. */
  environment({ world = {}, env = {} }: TshOptions = {}): Record<string, string> {
    const login: DirectWorld = {
      nodes: this.nodes,
      userAuthority: this.userAuthority.toPem(),
      hostAuthorityKeys: [this.hostAuthority.publicKey],
      logins: [SshWorld.login, "-teleport-internal-join", "nosuchuser"],
      ...world,
    };
    const inherited = Deno.env.toObject();
    for (const name of Object.keys(inherited)) {
      if (/^(TELEPORT_|SSH_|DISPLAY$)/.test(name)) delete inherited[name];
    }
    return {
      ...inherited,
      NO_COLOR: "1",
      XDG_RUNTIME_DIR: this.runtimeDir,
      TELEPORT_MLOCK_MODE: "off",
      DIRECT_TSH: JSON.stringify(login),
      ...env,
    };
  }

  /** Starts tsh. */
  spawn(args: readonly string[], options: TshOptions = {}): Deno.ChildProcess {
    const [program, ...rest] = this.command(args);
    return new Deno.Command(program!, {
      args: rest,
      clearEnv: true,
      env: this.environment(options),
      stdin: options.stdin ?? "null",
      stdout: "piped",
      stderr: "piped",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).spawn();
  }

  /** Starts tsh, its output as text. */
  tsh(args: readonly string[], options: TshOptions = {}): Running {
    return new Running(this.spawn(args, options));
  }

  /** Runs tsh to its end. Only what it says after the login counts as its standard error. */
  async run(
    args: readonly string[],
    options: TshOptions = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const finished = await this.tsh(args, options).finished();
    return { ...finished, stderr: finished.stderr.replace("waiting for approval\n", "") };
  }

  /** What commands have left in the runtime directory. */
  leftovers(): string[] {
    return [...Deno.readDirSync(this.runtimeDir)].map((entry) => entry.name);
  }

  /** Stops the nodes and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

function osUser(): string {
  const { stdout } = new Deno.Command("id", { args: ["-un"] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}
