import assert from "node:assert/strict";
import type { NodeResource } from "../../resources/mod.ts";
import {
  ListResourcesResponseSchema,
  ListUnifiedResourcesResponseSchema,
} from "../../wire/gen/auth_service_pb.ts";
import { decode } from "../../wire/grpc/mod.ts";
import { NodePages } from "./node_pages.ts";

function node(hostname: string): NodeResource {
  return {
    kind: "node",
    version: "v2",
    sub_kind: "openssh",
    metadata: { name: `id-of-${hostname}`, labels: { env: "prod" } },
    spec: { hostname, addr: "10.0.0.1:22", public_addrs: [], version: "" },
  };
}

Deno.test("a page of nodes is the answer of both lists", () => {
  const nodes = [node("a"), node("b")];
  const pages = new NodePages();
  const { bytes } = pages.encode({ nodes, nextKey: "c/id", totalCount: 300 });
  const answer = decode(ListResourcesResponseSchema, bytes);
  assert.deepEqual([answer.nextKey, answer.totalCount], ["c/id", 300]);
  const unified = decode(
    ListUnifiedResourcesResponseSchema,
    pages.encode({ nodes, nextKey: "c/id" }).bytes,
  );
  assert.equal(unified.nextKey, "c/id");
  assert.equal(unified.$unknown, undefined);
  for (const { resources } of [answer, unified]) {
    const servers = resources.map(({ resource }) =>
      resource.case === "node" ? resource.value : undefined
    );
    assert.deepEqual(servers.map((server) => server?.spec?.hostname), ["a", "b"]);
    assert.deepEqual(servers.map((server) => server?.metadata?.name), ["id-of-a", "id-of-b"]);
    assert.deepEqual({ ...servers[0]?.metadata?.labels }, { env: "prod" });
  }
  assert.equal(pages.encode({ nodes: [], nextKey: "" }).bytes.length, 0);
});

Deno.test("a node is encoded once; one that takes its place is not taken for it", () => {
  const reads: string[] = [];
  const counted = (hostname: string): NodeResource => {
    const { spec, ...rest } = node(hostname);
    return {
      ...rest,
      get spec() {
        reads.push(hostname);
        return spec;
      },
    };
  };
  const pages = new NodePages();
  const hostnames = (nodes: NodeResource[]) =>
    decode(ListResourcesResponseSchema, pages.encode({ nodes, nextKey: "" }).bytes).resources
      .map(({ resource }) => resource.case === "node" ? resource.value.spec?.hostname : undefined);
  const [first, second] = [counted("first"), counted("second")];
  for (let turn = 0; turn < 3; turn++) assert.deepEqual(hostnames([first]), ["first"]);
  assert.deepEqual(hostnames([second, first]), ["second", "first"]);
  assert.deepEqual(reads, ["first", "second"]);
});
