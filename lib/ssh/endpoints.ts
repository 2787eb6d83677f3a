/**
 * What ssh finds here: an agent, a connection to each host, and the files that say whom to trust. The sockets exist before
 * the login, so that ssh can be started early; they answer after it.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Environment } from "../deps/mod.ts";
import { messageOf, ToolError } from "../errors/mod.ts";
import { parseAuthorizedKey } from "../keys/mod.ts";
import type { AgentKey } from "./agent/agent.ts";
import { serveAgent } from "./agent/server.ts";
import { join } from "./join.ts";
import { configFile, knownHostsFile, proxyCommand, type SshPaths } from "./options/arguments.ts";
import { PrivateDirectory, PrivateSocket } from "./private_socket.ts";
import type { OpensshVersion } from "./version.ts";
import { canPassDescriptors, GO_AHEAD, type ProxyCommandWay } from "./proxy_command/mod.ts";

/** A host of a session, as far as it is known before the login. */
export interface PlannedHost {
  /** What stands for it on the command line; `isHostName` holds. */
  token: string;
  /** What the person typed. */
  typed: string;
  /** The name that its certificate must hold; absent when only the cluster can tell. */
  certifiedName: string | undefined;
}

/** What a login brings. */
export interface SessionLogin {
  /** What the agent offers. */
  key: AgentKey;
  /** authorized_keys lines of the cluster's host authority. */
  hostAuthorityKeys: readonly string[];
  /** For each planned host, in the same order. */
  hosts: readonly SessionHost[];
}

/** The way to a host. */
export interface SessionHost {
  /** The name that its certificate must hold. */
  certifiedName: string;
  /** Opens a stream to its SSH server. */
  connect: () => Promise<Duplex>;
}

/** Most host authority keys that are believed: there are several only while they are rotated. */
const MAX_AUTHORITY_KEYS = 64;

/** The sockets and files of one session. */
export class Endpoints implements AsyncDisposable {
  /** Where everything lies. */
  readonly directory: PrivateDirectory;
  /** What ssh is told. */
  readonly paths: SshPaths;
  /** How ssh gets at a connection. */
  readonly way: ProxyCommandWay = canPassDescriptors() ? "pass" : "relay";
  /** Resolves with the first thing that went wrong with a connection; never rejects. */
  readonly failed: Promise<ToolError>;
  readonly #hosts: readonly PlannedHost[];
  readonly #login = Promise.withResolvers<SessionLogin>();
  readonly #failed = Promise.withResolvers<ToolError>();
  readonly #sockets: AsyncDisposable[] = [];
  /** Opened as soon as the login is there, each taken by the first connection to its host. */
  readonly #streams = new Map<SessionHost, Promise<Duplex>>();
  #isOver = false;

  private constructor(directory: PrivateDirectory, hosts: readonly PlannedHost[]) {
    this.directory = directory;
    this.#hosts = hosts;
    this.paths = {
      config: directory.file("config"),
      knownHosts: directory.file("known_hosts"),
      agentSocket: directory.file("agent"),
    };
    this.failed = this.#failed.promise;
    this.#login.promise.catch(() => {}); // sockets that nobody connected to do not wait for it
  }

  /** Makes the directory and listens. */
  static async open(
    hosts: readonly PlannedHost[],
    deps: { env: Environment },
  ): Promise<Endpoints> {
    const endpoints = new Endpoints(await PrivateDirectory.create(deps), hosts);
    try {
      await endpoints.#listen();
    } catch (error) {
      await endpoints[Symbol.asyncDispose]();
      throw error;
    }
    return endpoints;
  }

  /** The ProxyCommand for the host at `index`. */
  proxyCommand(index: number): string {
    return proxyCommand(this.way, this.#hostSocket(index));
  }

  /** Writes ssh's configuration; it must be there when ssh starts. */
  async writeConfig(certifiedNames: readonly string[], version: OpensshVersion): Promise<void> {
    const hosts = this.#hosts.map(({ token }, index) => ({
      token,
      certifiedName: certifiedNames[index]!,
      proxyCommand: this.proxyCommand(index),
    }));
    await Deno.writeTextFile(this.paths.config, configFile(hosts, version), { mode: 0o600 });
  }

  /**
   * Lets ssh in: opens the streams to the hosts and gives the agent its key.
   *
   * @throws {ToolError} `trust` when the cluster named no host authority.
   */
  async admit(login: SessionLogin): Promise<void> {
    for (const host of login.hosts) {
      const stream = host.connect();
      stream.catch(() => {}); // reported when it is used
      this.#streams.set(host, stream);
    }
    const keys = login.hostAuthorityKeys.slice(0, MAX_AUTHORITY_KEYS).map((line) =>
      parseAuthorizedKey(line)
    );
    if (keys.length === 0) {
      throw new ToolError("trust", "the cluster named no certificate authority for its hosts");
    }
    // Before a byte of a host reaches ssh, which reads the file once the host has spoken.
    await Deno.writeTextFile(this.paths.knownHosts, knownHostsFile(keys), { mode: 0o600 });
    this.#login.resolve(login);
  }

  #hostSocket(index: number): string {
    return this.directory.file(`host${index}`);
  }

  async #listen(): Promise<void> {
    const serveKey = (socket: Socket) => {
      this.#login.promise.then(({ key }) => serveAgent(socket, key), () => socket.destroy());
    };
    this.#sockets.push(await PrivateSocket.listen(this.paths.agentSocket, serveKey));
    for (const index of this.#hosts.keys()) {
      const serveHost = (socket: Socket) => this.#serveHost(socket, index);
      this.#sockets.push(await PrivateSocket.listen(this.#hostSocket(index), serveHost));
    }
  }

  async #serveHost(socket: Socket, index: number): Promise<void> {
    socket.on("error", () => socket.destroy());
    socket.write(GO_AHEAD);
    try {
      const host = (await this.#login.promise).hosts[index]!;
      const opened = this.#streams.get(host) ?? host.connect();
      this.#streams.delete(host);
      join(socket, await opened, (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
      socket.destroy();
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    const known = error instanceof ToolError ? error : new ToolError(
      "connection",
      `the connection was lost: ${messageOf(error)}`,
      { cause: error },
    );
    this.#failed.resolve(known);
  }

  /** Closes the sockets, the streams that nobody took, and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#login.reject(new ToolError("cancelled", "the session is over"));
    for (const stream of this.#streams.values()) {
      stream.then((opened) => opened.destroy(), () => {});
    }
    await Promise.all(this.#sockets.map((socket) => socket[Symbol.asyncDispose]()));
    await this.directory[Symbol.asyncDispose]();
  }
}
