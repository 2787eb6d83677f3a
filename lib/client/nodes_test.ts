import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ToolError } from "../errors/mod.ts";
import {
  AuthService,
  ListResourcesResponseSchema,
  PaginatedResourceSchema,
} from "../wire/gen/auth_service_pb.ts";
import type { ServerV2Schema } from "../wire/gen/types_pb.ts";
import { EncodedMessage, GrpcClient, GrpcServer, type ServiceHandlers } from "../wire/grpc/mod.ts";
import { listNodes, type NodeQuery } from "./nodes.ts";

const EVERYTHING: NodeQuery = { labels: {}, searchKeywords: [], predicateExpression: "" };
const SIGNAL = new AbortController().signal;

type Handlers = ServiceHandlers<typeof AuthService, unknown>;

/** Calls an auth service that answers so. */
async function withService(
  handlers: Handlers,
  run: (client: GrpcClient) => Promise<void>,
): Promise<void> {
  using server = new GrpcServer<unknown>().register(AuthService, handlers);
  const listener = net.createServer((socket) => server.serve(socket, {}));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const client = new GrpcClient({
    authority: "test",
    async connect() {
      const socket = net.connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
  });
  try {
    await run(client);
  } finally {
    await client.close();
    const closed = once(listener, "close");
    listener.close();
    await closed;
  }
}

function resource(hostname: string, spec: MessageInitShape<typeof ServerV2Schema>["spec"] = {}) {
  return create(PaginatedResourceSchema, {
    resource: {
      case: "node",
      value: {
        kind: "node",
        version: "v2",
        metadata: { name: hostname },
        spec: { ...spec, hostname },
      },
    },
  });
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** `count` nodes in pages, as large as is asked. */
function pages(count: number, maxLimit = Infinity) {
  const asked: number[] = [];
  return {
    asked,
    answer({ limit, startKey }: { limit: number; startKey: string }) {
      asked.push(limit);
      if (limit > maxLimit) throw new ToolError("limit_exceeded", "message larger than max");
      const start = Number(startKey || "0");
      const end = Math.min(count, start + limit);
      const names = Array.from({ length: end - start }, (_, index) => `node-${start + index}`);
      return {
        resources: names.map((name) => resource(name)),
        nextKey: end < count ? `${end}` : "",
      };
    },
  };
}

Deno.test("listNodes() asks for what is wanted", async () => {
  const seen: unknown[] = [];
  await withService({
    listResources(request) {
      const { resourceType, namespace, labels, searchKeywords, predicateExpression } = request;
      seen.push({ resourceType, namespace, labels, searchKeywords, predicateExpression });
      return { resources: [] };
    },
  }, async (client) => {
    const query = {
      labels: { env: "prod" },
      searchKeywords: ["a", "b c"],
      predicateExpression: "x",
    };
    assert.deepEqual(await listNodes(client, query, SIGNAL), []);
    assert.deepEqual(seen, [{ resourceType: "node", namespace: "default", ...query }]);
  });
});

Deno.test("listNodes() reads all pages and sorts by host name", async () => {
  const { answer, asked } = pages(2500);
  await withService({ listResources: answer }, async (client) => {
    const names = (await listNodes(client, EVERYTHING, SIGNAL)).map((node) => node.hostname);
    assert.equal(names.length, 2500);
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(asked, [1000, 1000, 1000]);
  });
});

Deno.test("listNodes() asks for less when a page is larger than a message may be", async () => {
  const { answer, asked } = pages(300, 130);
  await withService({ listResources: answer }, async (client) => {
    assert.equal((await listNodes(client, EVERYTHING, SIGNAL)).length, 300);
    assert.deepEqual(asked, [1000, 500, 250, 125, 125, 125]);
  });
});

Deno.test("listNodes() gives up when even one node is too large", async () => {
  await withService({ listResources: pages(3, 0).answer }, async (client) => {
    await assert.rejects(listNodes(client, EVERYTHING, SIGNAL), { code: "limit_exceeded" });
  });
});

Deno.test("listNodes() calls newer clusters by their newer name", async () => {
  const { answer } = pages(1200);
  await withService({
    listUnifiedResources(request) {
      assert.deepEqual(request.kinds, ["node"]);
      return answer(request);
    },
  }, async (client) => {
    assert.equal((await listNodes(client, EVERYTHING, SIGNAL)).length, 1200);
  });
});

Deno.test("listNodes() ends on a list that does not", async (t) => {
  const many = create(ListResourcesResponseSchema, {
    resources: Array.from({ length: 50_000 }, () =>
      create(PaginatedResourceSchema, {
        resource: { case: "node", value: {} },
      })),
  });
  const manyBytes = toBinary(ListResourcesResponseSchema, many);
  const withKey = (page: number) =>
    toBinary(
      ListResourcesResponseSchema,
      create(ListResourcesResponseSchema, { nextKey: `key-${page}` }),
    );
  const cases: {
    what: string;
    page: (page: number) => Uint8Array;
    message: string;
    pages: number;
  }[] = [
    {
      what: "the same key again",
      page: () => withKey(1),
      message: "the cluster's list of nodes does not end",
      pages: 2,
    },
    {
      what: "keys in a circle",
      page: (page) => withKey(page % 3),
      message: "the cluster's list of nodes does not end",
      pages: 4,
    },
    {
      what: "always more nodes",
      page: (page) => concat(manyBytes, withKey(page)),
      message: "the cluster lists more than 250,000 nodes",
      pages: 7,
    },
    {
      what: "always more bytes",
      // A field that nobody knows: number 9, 3 MiB.
      page: (page) =>
        concat(Uint8Array.of(74, 0x80, 0x80, 0xc0, 0x01), new Uint8Array(3 << 20), withKey(page)),
      message: "the cluster's list of nodes is larger than 128 MiB",
      pages: 43,
    },
  ];
  for (const { what, page, message, pages } of cases) {
    await t.step(what, async () => {
      let asked = 0;
      await withService({
        listResources: () => new EncodedMessage(page(asked++)),
      }, async (client) => {
        await assert.rejects(listNodes(client, EVERYTHING, SIGNAL), {
          code: "limit_exceeded",
          message,
          hint: /labels/,
        });
      });
      assert.ok(asked <= pages, `${asked} pages were asked for`);
    });
  }
});

Deno.test("listNodes() asks for the next page before it decodes one", async () => {
  const asked: string[] = [];
  const malformed = concat(
    Uint8Array.of(10, 2, 0xff, 0xff),
    toBinary(
      ListResourcesResponseSchema,
      create(ListResourcesResponseSchema, { nextKey: "second" }),
    ),
  );
  const second = Promise.withResolvers<void>();
  await withService({
    listResources({ startKey }) {
      asked.push(startKey);
      if (startKey === "second") second.resolve();
      return new EncodedMessage(malformed);
    },
  }, async (client) => {
    await assert.rejects(listNodes(client, EVERYTHING, SIGNAL), {
      code: "bad_parameter",
      message: "malformed proto.ListResourcesResponse",
    });
    await second.promise;
  });
  assert.deepEqual(asked, ["", "second"]);
});

Deno.test("listNodes() passes on what the cluster refuses", async () => {
  const message = 'failed to parse predicate expression: identifier "foo" is not defined';
  await withService({
    listResources() {
      throw new ToolError("bad_parameter", message);
    },
  }, async (client) => {
    await assert.rejects(listNodes(client, EVERYTHING, SIGNAL), { code: "bad_parameter", message });
  });
});

Deno.test("listNodes() shows what dynamic labels said last, among the others", async () => {
  await withService({
    listResources: () => ({
      resources: [
        resource("a", {
          cmdLabels: { up: { period: 90_500_000_000n, command: ["uptime"], result: "3d" } },
        }),
        create(PaginatedResourceSchema, {}),
      ],
    }),
  }, async (client) => {
    const [node, ...others] = await listNodes(client, EVERYTHING, SIGNAL);
    assert.equal(others.length, 0);
    assert.deepEqual({ ...node!.labels }, { up: "3d" });
    const { spec } = node!.resource() as { spec: { cmd_labels: unknown } };
    assert.deepEqual(spec.cmd_labels, {
      up: { period: "1m30.5s", command: ["uptime"], result: "3d" },
    });
  });
});

Deno.test("durations are written as Go writes them", async () => {
  const cases: [bigint, string][] = [
    [0n, "0s"],
    [1n, "1ns"],
    [1_500n, "1.5µs"],
    [250_000_000n, "250ms"],
    [60_000_000_000n, "1m0s"],
    [3_600_000_000_000n, "1h0m0s"],
    [-90_000_000_000n, "-1m30s"],
  ];
  const resources = cases.map(([period], index) =>
    resource(`n${index}`, { cmdLabels: { x: { period, command: [], result: "" } } })
  );
  await withService({ listResources: () => ({ resources }) }, async (client) => {
    const nodes = await listNodes(client, EVERYTHING, SIGNAL);
    const written = nodes.map((node) => JSON.stringify(node.resource()));
    cases.forEach(([, text], index) =>
      assert.match(written[index]!, new RegExp(`"period":"${text}"`))
    );
  });
});

Deno.test("a label may have any name", async () => {
  const names = fc.string({
    unit: fc.constantFrom("_", "p", "r", "o", "t", "c", "n", "s", "u", "."),
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(names, fc.constantFrom("__proto__", "constructor")), async (key) => {
      const labelled = create(PaginatedResourceSchema, {
        resource: { case: "node", value: { metadata: { labels: { [key]: "x" } } } },
      });
      await withService({ listResources: () => ({ resources: [labelled] }) }, async (client) => {
        const [node] = await listNodes(client, EVERYTHING, SIGNAL);
        assert.deepEqual(Object.entries(node!.labels), [[key, "x"]]);
      });
    }),
    { numRuns: 20 },
  );
});
