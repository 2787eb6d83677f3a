/**
 * An ordinary user of this machine, as root can play one: without privileges, with the limit on locked memory that is
 * wanted, and with this program where they can read it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Cluster } from "../cluster.ts";
import { Running } from "../processes.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** `nobody` of Debian. */
const UID = 65534;
/** What a copy of the program needs. */
const PROGRAM = ["main.ts", "cmd", "lib"];
/** Packages that `tsh` loads; the others would only take time to copy. */
const PACKAGES = ["@bomb.sh", "@bufbuild", "@logtape", "commander", "yaml", "zod"];

/** How a tool is started. */
export interface UserOptions {
  /** Bytes of RLIMIT_MEMLOCK, soft and hard. Unchanged when absent. */
  memlock?: number;
  /** Gives CAP_IPC_LOCK, the right to lock without limit. */
  mayLock?: boolean;
  /** Stays root. */
  asRoot?: boolean;
  /** Flags for `deno run`. */
  runtime?: string[];
  /** A program that runs it, with its arguments: strace. */
  under?: string[];
  env?: Record<string, string>;
}

/** See the module. */
export class OrdinaryUser implements AsyncDisposable {
  /** A folder that is theirs; also where tools run. */
  readonly home: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.home = `${folder}/home`;
  }

  /** Copies what is needed to where everybody can read it: the cache of npx lies below a home directory. */
  static async create(): Promise<OrdinaryUser> {
    const folder = await Deno.makeTempDir({ prefix: "latchkey-user-" });
    const user = new OrdinaryUser(folder);
    try {
      const cache = await npmCache();
      await Deno.mkdir(`${folder}/program`);
      await Deno.mkdir(`${folder}/home/cache/npm/${cache.registry}`, { recursive: true });
      await run("cp", "-L", Deno.execPath(), `${folder}/deno`);
      await run("cp", "-r", ...PROGRAM.map((name) => ROOT + name), `${folder}/program`);
      await writeConfiguration(`${folder}/program/deno.json`);
      const packages = PACKAGES.map((name) => `${cache.path}/${name}`);
      await run("cp", "-r", ...packages, `${folder}/home/cache/npm/${cache.registry}`);
      await run("chmod", "-R", "a+rX", folder);
      await run("chown", "-R", `${UID}:${UID}`, user.home);
      return user;
    } catch (error) {
      await user[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Words before a command that make it this user's. */
  prefix({ memlock, mayLock = false, asRoot = false }: UserOptions = {}): string[] {
    const capable = mayLock ? ["--inh-caps=+ipc_lock", "--ambient-caps=+ipc_lock"] : [];
    const become = ["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", ...capable];
    return [
      ...memlock === undefined ? [] : ["prlimit", `--memlock=${memlock}:${memlock}`],
      ...asRoot ? [] : become,
    ];
  }

  /** Starts `tsh` for this user. */
  tsh(args: string[], options: UserOptions = {}): Running {
    const { runtime = [], under = [], env = {} } = options;
    const deno = ["run", "-A", "--no-check", "--quiet", "--cached-only", ...runtime];
    const [first, ...rest] = [
      ...under,
      ...this.prefix(options),
      `${this.#folder}/deno`,
      ...deno,
      `${this.#folder}/program/main.ts`,
      "tsh",
      ...args,
    ];
    return new Running(
      new Deno.Command(first!, {
        args: rest,
        clearEnv: true,
        env: {
          PATH: Deno.env.get("PATH")!,
          HOME: this.home,
          DENO_DIR: `${this.home}/cache`,
          NO_COLOR: "1",
          ...env,
        },
        cwd: this.home,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
  }

  /** Starts `tsh ls --headless` for alice and waits for its link. */
  async waiting(
    cluster: Cluster,
    args: string[] = [],
    options: UserOptions = {},
  ): Promise<{ tsh: Running; id: string }> {
    const tsh = this.tsh(headlessLs(cluster, args), options);
    const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
    return { tsh, id: id! };
  }

  /** Runs a script without imports as this user. */
  async deno(
    script: string,
    args: string[],
    options: UserOptions = {},
  ): Promise<{ code: number; said: string }> {
    const copy = `${this.home}/script.ts`;
    await Deno.copyFile(script, copy);
    await Deno.chmod(copy, 0o644);
    const deno = [`${this.#folder}/deno`, "run", "-A", "--no-check", "--quiet", copy];
    return await this.run(["env", `DENO_DIR=${this.home}/cache`, ...deno, ...args], options);
  }

  /** Runs another program as this user to its end, and gives what it said. */
  async run(command: string[], options: UserOptions = {}): Promise<{ code: number; said: string }> {
    const [first, ...rest] = [...this.prefix(options), ...command];
    const { code, stdout, stderr } = await new Deno.Command(first!, {
      args: rest,
      cwd: this.home,
      env: { HOME: this.home },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
  }

  /** Removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Arguments of `tsh ls --headless` for alice. */
export function headlessLs(cluster: Cluster, args: string[] = []): string[] {
  return ["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice", "--insecure", ...args];
}

/** deno.json less the packages that were not copied, and which nobody of these tools loads. */
async function writeConfiguration(path: string): Promise<void> {
  const { imports, version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const kept = Object.entries(imports).filter(([name]) =>
    PACKAGES.some((known) => name === known || name.startsWith(`${known}/`))
  );
  const configuration = {
    version,
    nodeModulesDir: "none",
    lock: false,
    imports: Object.fromEntries(kept),
  };
  await Deno.writeTextFile(path, JSON.stringify(configuration));
}

/** Where Deno keeps the packages of the registry that is in use. */
async function npmCache(): Promise<{ path: string; registry: string }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  for await (const { name } of Deno.readDir(npmCache)) {
    return { path: `${npmCache}/${name}`, registry: name };
  }
  throw new Error("Deno's cache holds no packages");
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}
