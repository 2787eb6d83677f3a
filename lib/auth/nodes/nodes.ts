import { z } from "zod";
import type { Backend } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import { checkNode, type NodeResource } from "../../resources/mod.ts";
import { mayAccessNode } from "../access/mod.ts";
import type { Caller, Nodes, Roles } from "../auth.ts";
import { requireAdmin } from "../errors.ts";
import { Records } from "../records.ts";
import { nodeKey } from "../store_keys.ts";
import { findDialTarget, parseDialTarget } from "./dial_target.ts";
import { type CachedNode, NodeCache } from "./node_cache.ts";
import { parsePredicate } from "./predicate.ts";
import { matchesSearch } from "./search.ts";

/** What was stored was checked before, field by field; here only that it is a node at all. */
const storedSchema: z.ZodType<NodeResource> = z.custom<NodeResource>((value) =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "node"
);

/** Most search words and labels of one question. */
const MAX_WORDS = 64;

/** What to list. */
export interface NodeQuery {
  limit?: number;
  startKey?: string;
  labels?: Record<string, string>;
  searchKeywords?: string[];
  predicateExpression?: string;
}

/** SSH nodes: their presence, and who may see and dial them. */
export class NodeService implements Nodes, AsyncDisposable {
  readonly #backend: Backend;
  readonly #roles: Pick<Roles, "of">;
  readonly #clock: Deps["clock"];
  readonly #records: Records<NodeResource>;
  readonly #cache: NodeCache;

  /** Nodes kept in `backend`, shown to whom `roles` let in. */
  constructor(
    backend: Backend,
    { roles, deps }: { roles: Pick<Roles, "of">; deps: Pick<Deps, "clock"> },
  ) {
    this.#roles = roles;
    this.#backend = backend;
    this.#clock = deps.clock;
    this.#records = new Records(backend, "node", storedSchema);
    this.#cache = new NodeCache(backend, this.#records, deps);
  }

  /** Reads the nodes that there are. */
  start(): Promise<void> {
    return this.#cache.start();
  }

  // deno-lint-ignore require-await -- async, so that a wrong query rejects like any failure
  async list(
    caller: Caller,
    query: NodeQuery,
  ): Promise<{ nodes: NodeResource[]; nextKey: string; totalCount: number }> {
    const isMeant = filterOf(query);
    const found = this.#visible(caller).filter(({ node }) => isMeant(node));
    const from = query.startKey ? firstAt(found, query.startKey) : 0;
    const to = query.limit && query.limit > 0 ? from + query.limit : found.length;
    return {
      nodes: found.slice(from, to).map(({ node }) => node),
      nextKey: found[to]?.sortKey ?? "",
      totalCount: found.length,
    };
  }

  /** Writes a node down; one with `metadata.expires` goes at that time unless it is written again (a heartbeat). */
  async upsert(caller: Caller, node: NodeResource): Promise<void> {
    if (caller.kind !== "host" || caller.hostId !== node.metadata.name) requireAdmin(caller);
    const checked = checkNode(node);
    const { name, expires } = checked.metadata;
    if (name === "") throw new ToolError("bad_parameter", "the node's metadata.name is missing");
    const expiresAtMs = expires === undefined ? undefined : Date.parse(expires);
    if (expiresAtMs !== undefined && !(expiresAtMs > this.#clock.now())) {
      throw new ToolError("bad_parameter", "the node's metadata.expires is over");
    }
    const key = nodeKey(name);
    const item = await this.#backend.put(this.#records.encode(key, checked, expiresAtMs));
    this.#cache.apply(key, item);
  }

  async delete(caller: Caller, name: string): Promise<void> {
    requireAdmin(caller);
    const key = nodeKey(name || "\0");
    try {
      await this.#backend.delete(key);
    } catch (error) {
      if (!isToolError(error, "not_found")) throw error;
      throw new ToolError("not_found", `node "${name.slice(0, 255)}" is not found`);
    }
    this.#cache.apply(key, undefined);
  }

  // deno-lint-ignore require-await -- as above
  async resolve(
    caller: Caller,
    hostPort: string,
  ): Promise<{ node: NodeResource; address: string }> {
    const target = parseDialTarget(hostPort);
    const node = findDialTarget(this.#visible(caller).map(({ node }) => node), target);
    return { node, address: node.spec.addr };
  }

  /** The living node of that name, whoever asks. */
  get(name: string): NodeResource | undefined {
    return this.#cache.get(name);
  }

  /** The living nodes, whoever asks. */
  all(): NodeResource[] {
    return this.#cache.list().map(({ node }) => node);
  }

  /** Ends following changes. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The nodes that the caller may reach with at least one login: all of them for an administrator, none for a host. */
  #visible(caller: Caller): CachedNode[] {
    const all = this.#cache.list();
    if (caller.kind === "admin") return all;
    if (caller.kind === "host") return [];
    const roles = this.#roles.of(caller.roles);
    const traits = { logins: caller.logins };
    return all.filter(({ node }) => mayAccessNode(roles, traits, node.metadata.labels));
  }
}

function filterOf(query: NodeQuery): (node: NodeResource) => boolean {
  const labels = Object.entries(query.labels ?? {});
  const words = query.searchKeywords ?? [];
  if (labels.length > MAX_WORDS || words.length > MAX_WORDS) {
    throw new ToolError("bad_parameter", `at most ${MAX_WORDS} labels and search words are taken`);
  }
  const predicate = query.predicateExpression?.trim()
    ? parsePredicate(query.predicateExpression)
    : undefined;
  return (node) =>
    labels.every(([name, value]) => {
      const has = Object.hasOwn(node.metadata.labels, name);
      return has && (value === "*" || node.metadata.labels[name] === value);
    }) && matchesSearch(node, words) && (predicate === undefined || predicate(node));
}

/** Index of the first node at or after `key`, which may have gone meanwhile. */
function firstAt(nodes: readonly CachedNode[], key: string): number {
  const index = nodes.findIndex(({ sortKey }) => sortKey >= key);
  return index < 0 ? nodes.length : index;
}
