import assert from "node:assert/strict";
import { ADMIN, AuthCluster, CLIENT, settle } from "../../../tests/support/auth_cluster.ts";
import type { NodeResource } from "../../resources/mod.ts";
import type { Caller } from "../auth.ts";

function node(name: string, changes: Partial<NodeResource["metadata"]> = {}): NodeResource {
  return {
    kind: "node",
    sub_kind: "openssh",
    version: "v2",
    metadata: { name: `id-${name}`, labels: { env: "prod" }, ...changes },
    spec: { addr: "192.0.2.7:22", hostname: name, public_addrs: [], version: "" },
  };
}

const ALICE: Caller = {
  kind: "user",
  user: "alice",
  roles: ["access"],
  logins: ["alice"],
  mfaVerified: true,
  client: CLIENT,
};

const names = (nodes: NodeResource[]) => nodes.map(({ spec }) => spec.hostname);

Deno.test("a node is seen at once, sorted by host name, and goes when removed", async () => {
  await using cluster = await AuthCluster.open();
  const { nodes } = cluster.auth;
  for (const name of ["b", "C", "a"]) await nodes.upsert(ADMIN, node(name));
  assert.deepEqual(names((await nodes.list(ALICE, {})).nodes), ["a", "b", "C"]);
  await nodes.upsert(ADMIN, node("b", { labels: { env: "dev" } }));
  assert.deepEqual(names((await nodes.list(ALICE, { labels: { env: "prod" } })).nodes), ["a", "C"]);
  await nodes.delete(ADMIN, "id-b");
  assert.deepEqual(names((await nodes.list(ALICE, {})).nodes), ["a", "C"]);
  await settle();
  assert.deepEqual(names((await nodes.list(ALICE, {})).nodes), ["a", "C"]);
  await assert.rejects(nodes.delete(ADMIN, "id-b"), { code: "not_found" });
});

Deno.test("only an administrator writes nodes, and only well-formed ones", async () => {
  await using cluster = await AuthCluster.open();
  const { nodes } = cluster.auth;
  await assert.rejects(nodes.upsert(ALICE, node("a")), { code: "access_denied" });
  await assert.rejects(nodes.delete(ALICE, "id-a"), { code: "access_denied" });
  const bad = node("a");
  bad.spec.addr = "no port";
  await assert.rejects(nodes.upsert(ADMIN, bad), { code: "bad_parameter" });
  await assert.rejects(nodes.upsert(ADMIN, node("a", { name: "" })), { code: "bad_parameter" });
  const over = new Date(cluster.clock.now()).toISOString();
  await assert.rejects(nodes.upsert(ADMIN, node("a", { expires: over })), {
    code: "bad_parameter",
  });
});

Deno.test("who has no login anywhere, or an unknown role, sees nothing", async () => {
  await using cluster = await AuthCluster.open();
  const { nodes } = cluster.auth;
  await nodes.upsert(ADMIN, node("a"));
  const counts = [];
  for (
    const changes of [{}, { logins: [] }, { roles: ["auditor"] }, { roles: ["access", "gone"] }]
  ) counts.push((await nodes.list({ ...ALICE, ...changes }, {})).totalCount);
  assert.deepEqual(counts, [1, 0, 0, 0]);
  assert.equal((await nodes.list(ADMIN, {})).totalCount, 1);
  const stranger = { ...ALICE, roles: ["auditor"] };
  await assert.rejects(nodes.resolve(stranger, "a:0"), { code: "not_found" });
});

Deno.test("a heartbeat keeps a node, and without it the node goes", async () => {
  await using cluster = await AuthCluster.open();
  const { nodes } = cluster.auth;
  const beat = () => {
    const expires = new Date(cluster.clock.now() + 60_000).toISOString();
    return nodes.upsert(ADMIN, node("a", { expires }));
  };
  await beat();
  cluster.clock.advance(40_000);
  await beat();
  cluster.clock.advance(40_000);
  assert.equal((await nodes.list(ALICE, {})).totalCount, 1);
  cluster.clock.advance(20_000);
  assert.equal((await nodes.list(ALICE, {})).totalCount, 0);
  await assert.rejects(nodes.resolve(ALICE, "a:0"), { code: "not_found" });
});

Deno.test("pages cover everything once, also when nodes come and go between them", async () => {
  await using cluster = await AuthCluster.open();
  const { nodes } = cluster.auth;
  for (let i = 0; i < 25; i++) await nodes.upsert(ADMIN, node(`n${String(i).padStart(2, "0")}`));
  const seen: string[] = [];
  let startKey = "";
  do {
    const page = await nodes.list(ALICE, { limit: 10, startKey });
    seen.push(...names(page.nodes));
    startKey = page.nextKey;
    if (seen.length === 10) {
      await nodes.delete(ADMIN, "id-n10");
      await nodes.upsert(ADMIN, node("n005"));
    }
  } while (startKey !== "");
  const expected = Array.from({ length: 25 }, (_, i) => `n${String(i).padStart(2, "0")}`)
    .filter((name) => name !== "n10");
  assert.deepEqual(seen, expected);
  assert.equal((await nodes.list(ALICE, { limit: 3 })).totalCount, 25);
});

Deno.test("labels, search and query narrow the list together", async () => {
  await using cluster = await AuthCluster.open();
  const { nodes } = cluster.auth;
  await nodes.upsert(ADMIN, node("web1", { labels: { env: "prod", tier: "web" } }));
  await nodes.upsert(ADMIN, node("web2", { labels: { env: "dev", tier: "web" } }));
  await nodes.upsert(ADMIN, node("db1", { labels: { env: "prod", tier: "db" } }));
  const list = async (query: Parameters<typeof nodes.list>[1]) =>
    names((await nodes.list(ALICE, query)).nodes);
  assert.deepEqual(await list({ labels: { env: "prod" }, searchKeywords: ["WEB"] }), ["web1"]);
  assert.deepEqual(await list({ predicateExpression: 'labels.env != "prod" || name == "db1"' }), [
    "db1",
    "web2",
  ]);
  assert.deepEqual(await list({ labels: { env: "*" }, searchKeywords: ["1", "prod"] }), [
    "db1",
    "web1",
  ]);
  assert.deepEqual(await list({ labels: { toString: "x" } }), []);
  await assert.rejects(list({ predicateExpression: "nonsense(" }), { code: "bad_parameter" });
  await assert.rejects(list({ searchKeywords: new Array(65).fill("x") }), {
    code: "bad_parameter",
  });
});

Deno.test("what one process writes another one lists", async () => {
  await using cluster = await AuthCluster.open();
  await using other = await cluster.sibling();
  await cluster.auth.nodes.upsert(ADMIN, node("a"));
  await settle();
  assert.equal((await other.nodes.list(ALICE, {})).totalCount, 1);
  await cluster.auth.nodes.delete(ADMIN, "id-a");
  await settle();
  assert.equal((await other.nodes.list(ALICE, {})).totalCount, 0);
});

Deno.test("nodes survive a restart", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  await cluster.auth.nodes.upsert(ADMIN, node("a"));
  await cluster.restart();
  assert.equal((await cluster.auth.nodes.list(ALICE, {})).totalCount, 1);
  const { address } = await cluster.auth.nodes.resolve(ALICE, "A:0");
  assert.equal(address, "192.0.2.7:22");
});
