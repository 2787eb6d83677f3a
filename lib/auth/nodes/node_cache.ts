import type { Backend, Item } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";
import { RecordCache } from "../record_cache.ts";
import type { Records } from "../records.ts";
import { nodeKey, nodesPrefix } from "../store_keys.ts";

/** A node with its place in the order. */
export interface CachedNode {
  node: NodeResource;
  /** `<host name in lower case>/<name>`: nodes are listed in this order, and pages begin at one. */
  sortKey: string;
  expiresAtMs: number | undefined;
}

/** All nodes in memory, in the order in which they are listed. */
export class NodeCache implements AsyncDisposable {
  readonly #cache: RecordCache<NodeResource>;
  #sorted: { version: number; nodes: CachedNode[] } = { version: -1, nodes: [] };

  /** A cache of the nodes in `backend`; empty before {@linkcode start}. */
  constructor(backend: Backend, records: Records<NodeResource>, deps: Pick<Deps, "clock">) {
    this.#cache = new RecordCache(backend, { records, prefix: nodesPrefix, what: "nodes", deps });
  }

  /** Reads all nodes, and follows their changes from then on. */
  start(): Promise<void> {
    return this.#cache.start();
  }

  /** The living nodes, in order. */
  list(): CachedNode[] {
    const { version } = this.#cache;
    if (this.#sorted.version !== version) {
      const nodes = Array.from(this.#cache.all(), ({ value: node, expiresAtMs }) => ({
        node,
        sortKey: `${node.spec.hostname.toLowerCase()}/${node.metadata.name}`,
        expiresAtMs,
      }));
      nodes.sort((a, b) => a.sortKey < b.sortKey ? -1 : 1);
      this.#sorted = { version, nodes };
    }
    return this.#sorted.nodes.filter((node) => this.#cache.isAlive(node));
  }

  /** The living node of that name. */
  get(name: string): NodeResource | undefined {
    return this.#cache.get(nodeKey(name));
  }

  /** Takes note of what was just written at `key`. */
  apply(key: string, item: Item | undefined): void {
    this.#cache.apply(key, item);
  }

  /** Ends the watch. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
