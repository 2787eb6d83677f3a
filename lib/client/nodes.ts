/**
 * Listing SSH nodes, in pages.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { isToolError, ToolError } from "../errors/mod.ts";
import {
  AuthService,
  ListResourcesRequestSchema,
  ListUnifiedResourcesRequestSchema,
  type PaginatedResource,
} from "../wire/gen/auth_service_pb.ts";
import type { ServerV2 } from "../wire/gen/types_pb.ts";
import type { GrpcClient } from "../wire/grpc/client.ts";
import { allLabels, nodeResource, type Resource } from "./node_resource.ts";

/** Nodes asked for at once, as tsh does: with a kilobyte each, a page is a quarter of the largest message. */
const PAGE_SIZE = 1000;

/** Most pages that are read, so that a cluster which never ends does not keep us forever. */
const MAX_PAGES = 10_000;

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

interface Page {
  resources: PaginatedResource[];
  nextKey: string;
}

interface PageRequest {
  limit: number;
  startKey: string;
}

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

async function listPages(fetch: (page: PageRequest) => Promise<Page>): Promise<Node[]> {
  const nodes: Node[] = [];
  let limit = PAGE_SIZE;
  let startKey = "";
  for (let count = 0; count < MAX_PAGES; count++) {
    let page: Page;
    try {
      page = await fetch({ limit, startKey });
    } catch (error) {
      // The page would be larger than a message may be: ask for less.
      if (!isToolError(error, "limit_exceeded") || limit === 1) throw error;
      limit = Math.ceil(limit / 2);
      continue;
    }
    for (const { resource } of page.resources) {
      if (resource.case === "node") nodes.push(nodeOf(resource.value));
    }
    if (page.nextKey === "") return nodes.sort(byHostname);
    startKey = page.nextKey;
  }
  throw new ToolError("limit_exceeded", "the cluster's list of nodes does not end");
}

function listResources(
  client: GrpcClient,
  query: NodeQuery,
  page: PageRequest,
  signal: AbortSignal,
): Promise<Page> {
  const request = create(ListResourcesRequestSchema, {
    resourceType: "node",
    namespace: "default",
    ...page,
    ...fieldsOf(query),
  });
  return client.unary(AuthService.method.listResources, request, { signal });
}

function listUnifiedResources(
  client: GrpcClient,
  query: NodeQuery,
  page: PageRequest,
  signal: AbortSignal,
): Promise<Page> {
  const request = create(ListUnifiedResourcesRequestSchema, {
    kinds: ["node"],
    sortBy: { field: "name" },
    ...page,
    ...fieldsOf(query),
  });
  return client.unary(AuthService.method.listUnifiedResources, request, { signal });
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
