import { getLogger } from "@logtape/logtape";
import type { Backend, BackendEvent, Item, Watcher } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { messageOf } from "../../errors/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";
import type { Records } from "../records.ts";
import { nodesPrefix } from "../store_keys.ts";

const log = getLogger(["latchkey", "auth", "nodes"]);

/** Between attempts to read all nodes again when the watch broke off. */
const RETRY_MS = 1_000;

/** A node with its place in the order. */
export interface CachedNode {
  node: NodeResource;
  /** `<host name in lower case>/<name>`: nodes are listed in this order, and pages begin at one. */
  sortKey: string;
  expiresAtMs: number | undefined;
}

/**
 * All nodes in memory, kept up by a watch: a listing of ten thousand must not read and parse ten thousand records. What was
 * written through {@linkcode NodeCache.apply} is seen at once.
 */
export class NodeCache implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #records: Records<NodeResource>;
  readonly #clock: Deps["clock"];
  readonly #nodes = new Map<string, CachedNode>();
  #sorted: CachedNode[] | undefined;
  #watcher: Watcher | undefined;
  #running: Promise<void> | undefined;
  #retry: { timer: ReturnType<typeof setTimeout>; resolve: () => void } | undefined;
  #closed = false;

  /** A cache of the nodes in `backend`; empty before {@linkcode start}. */
  constructor(backend: Backend, records: Records<NodeResource>, deps: Pick<Deps, "clock">) {
    this.#backend = backend;
    this.#records = records;
    this.#clock = deps.clock;
  }

  /** Reads all nodes, and follows their changes from then on. */
  async start(): Promise<void> {
    this.#watcher = await this.#load();
    this.#running = this.#run();
  }

  /** The living nodes, in order. */
  list(): CachedNode[] {
    this.#sorted ??= [...this.#nodes.values()].sort((a, b) => a.sortKey < b.sortKey ? -1 : 1);
    const now = this.#clock.now();
    return this.#sorted.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > now);
  }

  /** Takes note of what was just written at `key`. */
  apply(key: string, item: Item | undefined): void {
    this.#sorted = undefined;
    if (item === undefined) {
      this.#nodes.delete(key);
      return;
    }
    try {
      const node = this.#records.decode(item);
      const sortKey = `${node.spec.hostname.toLowerCase()}/${node.metadata.name}`;
      this.#nodes.set(key, { node, sortKey, expiresAtMs: item.expiresAtMs });
    } catch (error) {
      this.#nodes.delete(key);
      log.error("a stored node cannot be read: {reason}", { reason: messageOf(error) });
    }
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher?.close();
    if (this.#retry !== undefined) {
      clearTimeout(this.#retry.timer);
      this.#retry.resolve();
    }
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #load(): Promise<Watcher> {
    const watcher = await this.#backend.watch([nodesPrefix]);
    try {
      const items = await this.#backend.range(nodesPrefix);
      this.#nodes.clear();
      this.#sorted = undefined;
      for (const item of items) this.apply(item.key, item);
      return watcher;
    } catch (error) {
      watcher.close();
      throw error;
    }
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#watcher ??= await this.#load();
        for await (const event of this.#watcher) this.#see(event);
      } catch (error) {
        log.warn("watch on nodes broke off: {reason}", { reason: messageOf(error) });
      }
      this.#watcher?.close();
      this.#watcher = undefined;
      if (!this.#closed) await this.#pause();
    }
  }

  #see(event: BackendEvent): void {
    if (event.type === "put") this.apply(event.item.key, event.item);
    else this.apply(event.key, undefined);
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#retry = { timer: setTimeout(resolve, RETRY_MS), resolve };
    await promise;
    this.#retry = undefined;
  }
}
