/**
 * Unix sockets that only this command's own children may use.
 *
 * They live in a new directory of mode 0700, in XDG_RUNTIME_DIR where there is one (it is on tmpfs and the user's own),
 * and go with it. On Linux each connection's user and ancestry are asked of the kernel: another process of the same
 * user is turned away too.
 *
 * @module
 */

import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { Environment } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { descendsFrom, peerCredentials } from "./peer.ts";

/** Mode bits of stat(2): writable by group or others. */
const WRITABLE_BY_OTHERS = 0o022;
/** Mode bit of stat(2): in such a directory only the owner of a file may rename or remove it. */
const STICKY = 0o1000;

/** sun_path of unix(7), with its final zero. */
const MAX_PATH_BYTES = 107;

/** Paths that mean themselves wherever ssh reads them: nothing to quote, no `%`, no `$`, no blank. */
const PLAIN_PATH = /^\/[A-Za-z0-9_./+-]*$/;

/** What a process hears before it ends in a way that it did not choose. */
const LAST_EVENTS = ["unload", "error", "unhandledrejection"] as const;

/** A directory for sockets that is removed when done. */
export class PrivateDirectory implements AsyncDisposable {
  /** Path of the directory. Safe to write into ssh's configuration without quotes. */
  readonly path: string;
  /** Where nothing else tidies up: the process is told to end at once, by a second Ctrl-C, or an error is not caught. */
  readonly #removeAtExit = () => {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch { /* gone already */ }
  };

  private constructor(path: string) {
    this.path = path;
    for (const event of LAST_EVENTS) globalThis.addEventListener(event, this.#removeAtExit);
  }

  /**
   * Makes one.
   *
   * @throws {ToolError} `access_denied` when there is no place for it: none where nobody else can put something in our
   * directory's stead, or none with a path short enough for a socket.
   */
  static async create(deps: { env: Environment }): Promise<PrivateDirectory> {
    const places = [deps.env.get("XDG_RUNTIME_DIR"), deps.env.get("TMPDIR"), "/tmp"];
    let cause: unknown;
    for (const place of places) {
      if (place === undefined || place.length > MAX_PATH_BYTES - 40) continue;
      if (!PLAIN_PATH.test(place)) continue;
      try {
        await requireSafePlace(place);
        const path = await Deno.makeTempDir({ dir: place, prefix: "tsh-" });
        await Deno.chmod(path, 0o700);
        return new PrivateDirectory(path);
      } catch (error) {
        cause = error;
      }
    }
    throw new ToolError(
      "access_denied",
      "there is no safe place for the SSH agent's socket: none of XDG_RUNTIME_DIR, TMPDIR and /tmp " +
        `will do${cause instanceof Error ? ` (${cause.message})` : ""}`,
      {
        cause,
        hint:
          "Set TMPDIR to a directory of your own in which there is room, that nobody else may " +
          "write to, and whose path is short and plain.",
      },
    );
  }

  /** Path of a file in the directory. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Removes the directory and what is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const event of LAST_EVENTS) globalThis.removeEventListener(event, this.#removeAtExit);
    await Deno.remove(this.path, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/**
 * Refuses a place in which somebody else could rename our directory and put another there: each folder on the way must be
 * ours or root's, and others may write to it only if it is sticky, as /tmp is (then they cannot touch what is not theirs).
 */
async function requireSafePlace(place: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const us = Deno.uid();
  for (let path = await Deno.realPath(place);; path = dirname(path)) {
    const { uid, mode } = await Deno.lstat(path);
    const othersMayWrite = (mode! & WRITABLE_BY_OTHERS) !== 0 && (mode! & STICKY) === 0;
    if ((uid !== us && uid !== 0) || othersMayWrite) {
      throw new ToolError("access_denied", `another user could change ${path}`);
    }
    if (path === dirname(path)) return;
  }
}

/** Decides whether a connection may stay. */
export type PeerCheck = (socket: Socket) => boolean;

/** Whether the peer is a process of this user that this process started. Where it cannot be asked, the mode must do. */
export function isOwnChild(socket: Socket): boolean {
  if (Deno.build.os !== "linux") return true;
  const { fd } = (socket as unknown as { _handle?: { fd?: number } })._handle ?? {};
  if (fd === undefined || fd < 0) return false;
  const peer = peerCredentials(fd);
  return peer !== undefined && peer.uid === Deno.uid() && descendsFrom(peer.pid, Deno.pid);
}

/** A listening socket in a private directory. */
export class PrivateSocket implements AsyncDisposable {
  /** Path of the socket. */
  readonly path: string;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  /** How many connections were turned away. */
  refused = 0;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  /** Listens at `path` and hands every connection that passes `check` to `serve`. */
  static async listen(
    path: string,
    serve: (socket: Socket) => void,
    check: PeerCheck = isOwnChild,
  ): Promise<PrivateSocket> {
    const server = createServer({ allowHalfOpen: true });
    const listening = new PrivateSocket(path, server);
    server.on("connection", (socket) => {
      if (!check(socket)) {
        listening.refused++;
        socket.destroy();
        return;
      }
      listening.#connections.add(socket);
      socket.on("close", () => listening.#connections.delete(socket));
      serve(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    await Deno.chmod(path, 0o600);
    return listening;
  }

  /** Ends all connections and stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
