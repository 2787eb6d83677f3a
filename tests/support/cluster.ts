/**
 * A real cluster in a process and a data directory of its own.
 *
 * @module
 */

import { type Finished, freePort, type Running, runTool, startTool } from "./processes.ts";

/** How a cluster differs from the usual one. */
export interface ClusterOptions {
  port?: number;
  rpId?: string;
  /** YAML lines below `authentication:`, indented by four spaces. */
  authentication?: string;
  /** Further top-level YAML. */
  extra?: string;
  /** Another main module, for a patched copy of the program. */
  main?: string;
  /** Labels of the node, as YAML. */
  labels?: string;
}

/**
 * Whether `ssh_service` runs here: sshd wants to be root. Where it does not, the cluster lists a node at which nobody answers,
 * and tests that want to log in are to be skipped.
 */
export const RUNS_SSHD: boolean = Deno.build.os !== "windows" && Deno.uid() === 0;

/** A running cluster. */
export class Cluster implements AsyncDisposable {
  /** Folder that holds everything of this cluster. */
  readonly folder: string;
  readonly port: number;
  /** Port of the node `server01` on 127.0.0.1. */
  readonly nodePort: number;
  readonly #main: string | undefined;
  #process: Running;

  private constructor(
    folder: string,
    { port, nodePort, main }: { port: number; nodePort: number; main: string | undefined },
  ) {
    this.folder = folder;
    this.port = port;
    this.nodePort = nodePort;
    this.#main = main;
    this.#process = launch(folder, main);
  }

  /** Starts a cluster named `demo` with one node, `server01`, and waits until it answers. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const folder = await Deno.makeTempDir({ prefix: "latchkey-cluster-" });
    const port = options.port ?? freePort();
    const nodePort = freePort();
    const yaml = configuration(folder, { ...options, port, nodePort });
    await Deno.writeTextFile(`${folder}/teleport.yaml`, yaml);
    const cluster = new Cluster(folder, { port, nodePort, main: options.main });
    try {
      await cluster.#ready();
      if (!RUNS_SSHD) await cluster.#addSilentNode(options.labels ?? LABELS);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  async #ready(): Promise<void> {
    await this.#process.waitFor(/is ready|is running|listening/i);
    for (let attempt = 0; attempt < 100; attempt++) {
      const { code } = await this.tctl("status");
      if (code === 0) return;
    }
    throw new Error(`the cluster does not answer:\n${this.#process.stderr}`);
  }

  /** Lists `server01` where no sshd can run. */
  async #addSilentNode(labels: string): Promise<void> {
    const file = `${this.folder}/server01.yaml`;
    await Deno.writeTextFile(
      file,
      `kind: node
version: v2
metadata: { labels: ${labels} }
spec: { hostname: server01, addr: "127.0.0.1:${this.nodePort}" }
`,
    );
    const { code, stderr } = await this.tctl("create", file);
    if (code !== 0) throw new Error(`tctl create: ${stderr}`);
  }

  /** Address of the proxy, as a person types it. */
  get proxy(): string {
    return `localhost:${this.port}`;
  }

  /** URL of the proxy, without a slash at the end. */
  get url(): string {
    return `https://${this.proxy}`;
  }

  /** The cluster's process. */
  get process(): Running {
    return this.#process;
  }

  /** PEM certificate that the proxy shows. */
  certificate(): Promise<string> {
    return Deno.readTextFile(`${this.folder}/data/webproxy_cert.pem`);
  }

  /** Runs tctl against this cluster. */
  tctl(...args: string[]): Promise<Finished> {
    return runTool("tctl", ["-c", `${this.folder}/teleport.yaml`, ...args], { main: this.#main });
  }

  /** Starts `tsh` with this cluster's certificate at hand, as on the same machine. */
  tsh(args: string[], env: Record<string, string> = {}): Running {
    return startTool("tsh", args, {
      main: this.#main,
      env: { HOME: this.folder, SSL_CERT_FILE: `${this.folder}/data/webproxy_cert.pem`, ...env },
    });
  }

  /** Invites a user and returns the link. */
  async invite(user: string, { roles = "access", logins = user } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.tctl(
      "users",
      "add",
      user,
      `--roles=${roles}`,
      `--logins=${logins}`,
    );
    const link = /^https:\S+$/m.exec(stdout)?.[0];
    if (code !== 0 || link === undefined) throw new Error(`tctl users add: ${stdout}${stderr}`);
    return link;
  }

  /** Ends the process at once, as a power cut would, and starts it again on the same data. */
  async killAndRestart(): Promise<void> {
    this.#process.signal("SIGKILL");
    await this.#process.finished();
    this.#process = launch(this.folder, this.#main);
    await this.#ready();
  }

  /** Ends the process and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

function launch(folder: string, main: string | undefined): Running {
  return startTool("teleport", ["start", "-c", `${folder}/teleport.yaml`], {
    main,
    env: { HOME: folder },
  });
}

const LABELS = "{ arch: x86_64 }";

function configuration(
  folder: string,
  options: ClusterOptions & { port: number; nodePort: number },
): string {
  const { port, nodePort } = options;
  return `version: v3
teleport:
  nodename: server01
  data_dir: ${folder}/data
  log: { severity: INFO }
auth_service:
  enabled: true
  cluster_name: demo
  authentication:
    type: local
    second_factor: webauthn
    webauthn: { rp_id: ${options.rpId ?? "localhost"} }
${options.authentication ?? ""}
proxy_service:
  enabled: true
  web_listen_addr: 127.0.0.1:${port}
  public_addr: localhost:${port}
ssh_service:
  enabled: ${RUNS_SSHD}
  listen_addr: 127.0.0.1:${nodePort}
  labels: ${options.labels ?? LABELS}
${options.extra ?? ""}`;
}
