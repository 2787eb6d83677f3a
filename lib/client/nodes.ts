/**
 * Listing SSH nodes, in pages. The next page is asked for before one is decoded, so that both sides work at once.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { isToolError, ToolError } from "../errors/mod.ts";
import {
  AuthService,
  ListResourcesRequestSchema,
  ListResourcesResponseSchema,
  ListUnifiedResourcesRequestSchema,
} from "../wire/gen/auth_service_pb.ts";
import type { ServerV2 } from "../wire/gen/types_pb.ts";
import type { GrpcClient } from "../wire/grpc/client.ts";
import { decode, peekString } from "../wire/grpc/codec.ts";
import { allLabels, nodeResource, type Resource } from "./node_resource.ts";

/** Nodes asked for at once, as tsh does: with a kilobyte each, a page is a quarter of the largest message. */
const PAGE_SIZE = 1000;

/** Most pages that are read, so that a cluster which never ends does not keep us forever. */
const MAX_PAGES = 10_000;

/** Most nodes that are read: far more than a cluster can have; so many take about 400 MB. */
const MAX_NODES = 250_000;

/** Most bytes that all pages may have. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Which nodes are wanted; all conditions must hold. */
export interface NodeQuery {
  /** Labels that a node must have. */
  labels: Readonly<Record<string, string>>;
  /** Words that must all be found somewhere in a node. */
  searchKeywords: readonly string[];
  /** In the cluster's predicate language; empty for none. */
  predicateExpression: string;
}

/** A node as a person asks for it. */
export interface Node {
  /** UUID. */
  name: string;
  /** The name that people type. */
  hostname: string;
  /** `host:port`; without meaning when {@linkcode useTunnel}. */
  address: string;
  /** Reached by a tunnel that the node opened. */
  useTunnel: boolean;
  /** Static and dynamic ones. */
  labels: Readonly<Record<string, string>>;
  /** The whole resource, for JSON and YAML. */
  resource(): Resource;
}

interface PageRequest {
  limit: number;
  startKey: string;
}

/** Asks for a page; gives the answer undecoded. */
type Fetch = (page: PageRequest) => Promise<Uint8Array>;

/** All nodes that match, sorted by host name. */
export async function listNodes(
  client: GrpcClient,
  query: NodeQuery,
  signal: AbortSignal,
): Promise<Node[]> {
  try {
    return await listPages((page) => listResources(client, query, page, signal));
  } catch (error) {
    // Clusters that no longer know the older call.
    if (!isToolError(error, "not_implemented")) throw error;
    return await listPages((page) => listUnifiedResources(client, query, page, signal));
  }
}

async function listPages(fetch: Fetch): Promise<Node[]> {
  const nodes: Node[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  const pages = new Pages(fetch);
  let coming: Promise<Uint8Array> | undefined = pages.at("");
  while (coming !== undefined) {
    const page: Uint8Array = await coming;
    bytes += page.length;
    if (bytes > MAX_BYTES) {
      throw tooMuch(`the cluster's list of nodes is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    }
    const nextKey = peekString(SCHEMA, page, SCHEMA.field.nextKey.number);
    if (seen.has(nextKey) || seen.size >= MAX_PAGES) throw endless();
    if (nextKey !== "") seen.add(nextKey);
    coming = nextKey === "" ? undefined : pages.at(nextKey);
    // If something below throws, nobody waits for it any more.
    coming?.catch(() => {});
    for (const { resource } of decode(SCHEMA, page).resources) {
      if (resource.case === "node") nodes.push(nodeOf(resource.value));
    }
    if (nodes.length > MAX_NODES) {
      throw tooMuch(`the cluster lists more than ${MAX_NODES.toLocaleString("en")} nodes`);
    }
  }
  return nodes.sort(byHostname);
}

/** Both kinds of answers have the nodes and the next key under the same numbers. */
const SCHEMA = ListResourcesResponseSchema;

/** Asks for pages, for smaller ones once a page was larger than a message may be. */
class Pages {
  readonly #fetch: Fetch;
  #limit = PAGE_SIZE;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  async at(startKey: string): Promise<Uint8Array> {
    for (;;) {
      try {
        return await this.#fetch({ limit: this.#limit, startKey });
      } catch (error) {
        if (!isToolError(error, "limit_exceeded") || this.#limit === 1) throw error;
        this.#limit = Math.ceil(this.#limit / 2);
      }
    }
  }
}

function endless(): ToolError {
  return tooMuch("the cluster's list of nodes does not end");
}

function tooMuch(message: string): ToolError {
  return new ToolError("limit_exceeded", message, {
    hint: "Ask for fewer nodes, by labels, --search or --query.",
  });
}

function listResources(
  client: GrpcClient,
  query: NodeQuery,
  page: PageRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = create(ListResourcesRequestSchema, {
    resourceType: "node",
    namespace: "default",
    ...page,
    ...fieldsOf(query),
  });
  return client.unaryBytes(AuthService.method.listResources, request, { signal });
}

function listUnifiedResources(
  client: GrpcClient,
  query: NodeQuery,
  page: PageRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = create(ListUnifiedResourcesRequestSchema, {
    kinds: ["node"],
    sortBy: { field: "name" },
    ...page,
    ...fieldsOf(query),
  });
  return client.unaryBytes(AuthService.method.listUnifiedResources, request, { signal });
}

function fieldsOf({ labels, searchKeywords, predicateExpression }: NodeQuery): {
  labels: Record<string, string>;
  searchKeywords: string[];
  predicateExpression: string;
} {
  return { labels: { ...labels }, searchKeywords: [...searchKeywords], predicateExpression };
}

/** The node that a message describes. */
export function nodeOf(server: ServerV2): Node {
  return {
    name: server.metadata?.name ?? "",
    hostname: server.spec?.hostname ?? "",
    address: server.spec?.addr ?? "",
    useTunnel: server.spec?.useTunnel ?? false,
    get labels() {
      return allLabels(server);
    },
    resource: () => nodeResource(server),
  };
}

function byHostname(a: Node, b: Node): number {
  return a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : 0;
}
