import assert from "node:assert/strict";
import { isToolError, ToolError } from "../errors/mod.ts";
import { parseDestination } from "./options/destination.ts";
import {
  directTarget,
  explainDialError,
  findTarget,
  type ListedNode,
  type ListNodes,
} from "./target.ts";

function node(hostname: string, address: string, labels: Record<string, string> = {}): ListedNode {
  return { name: `uuid-of-${hostname}-${address}`, hostname, address, labels };
}

const nodes = [
  node("web01", "10.0.0.1:22", { env: "prod", role: "web" }),
  node("web02", "10.0.0.2:22", { env: "prod", role: "web" }),
  node("db", "10.0.0.11:2222", { env: "prod", role: "db" }),
  node("six", "[2001:db8::1]:22"),
  node("twin", "10.0.0.3:22"),
  node("twin", "10.0.0.3:2222"),
];

/** As a cluster would: labels must be equal, words must be found somewhere. */
const listNodes: ListNodes = ({ labels = {}, searchKeywords = [] }) =>
  Promise.resolve(
    nodes.filter((node) =>
      Object.entries(labels).every(([key, value]) => node.labels[key] === value) &&
      searchKeywords.every((word) =>
        JSON.stringify(node).toLowerCase().includes(word.toLowerCase())
      )
    ),
  );

Deno.test("names and UUIDs are dialled without a look at the nodes", () => {
  assert.deepEqual(directTarget(parseDestination("web01")), {
    certifiedName: "web01",
    hostPort: "web01:0",
  });
  assert.equal(directTarget(parseDestination("web01:2222"))!.hostPort, "web01:2222");
  const uuid = "1ecb44a4-752f-4db5-9d98-c429b761497f";
  assert.deepEqual(directTarget(parseDestination(uuid)), {
    certifiedName: uuid,
    hostPort: `${uuid}:0`,
  });
  assert.equal(directTarget(parseDestination("10.0.0.1")), undefined);
  assert.equal(directTarget(parseDestination("env=prod")), undefined);
});

Deno.test.each([
  ["10.0.0.1", "web01"],
  ["10.0.0.11", "db"],
  ["10.0.0.11:2222", "db"],
  ["[2001:db8::1]", "six"],
  ["10.0.0.3:2222", "twin"],
])("the address %s is that of the node %s", async (typed, hostname) => {
  const target = await findTarget(parseDestination(typed), undefined, listNodes);
  assert.equal(target.certifiedName, hostname);
  assert.match(target.hostPort, /^uuid-of-.*:0$/);
});

Deno.test("labels mean the one node that has them", async () => {
  const find = (typed: string, labels: Record<string, string>) =>
    findTarget(parseDestination(typed), labels, listNodes);
  assert.equal((await find("role=db", { role: "db" })).certifiedName, "db");
  await assert.rejects(find("role=web", { role: "web" }), (error) => {
    assert.ok(isToolError(error, "bad_parameter"));
    assert.equal(
      error.message,
      "2 nodes match role=web, and one is needed:\n" +
        "  web01  10.0.0.1:22  uuid-of-web01-10.0.0.1:22  env=prod,role=web\n" +
        "  web02  10.0.0.2:22  uuid-of-web02-10.0.0.2:22  env=prod,role=web",
    );
    return true;
  });
  await assert.rejects(find("role=x", { role: "x" }), (error) => isToolError(error, "not_found"));
});

Deno.test("an address of several nodes is refused, one of none is left to the proxy", async () => {
  const find = (typed: string) => findTarget(parseDestination(typed), undefined, listNodes);
  await assert.rejects(find("10.0.0.3"), /2 nodes match 10\.0\.0\.3/);
  assert.deepEqual(await find("192.0.2.1"), {
    certifiedName: "192.0.2.1",
    hostPort: "192.0.2.1:0",
  });
  assert.equal((await find("[2001:db8::9]:22")).hostPort, "[2001:db8::9]:22");
});

Deno.test("a long list of nodes that match is cut, and made fit for a terminal", async () => {
  const many = Array.from({ length: 15 }, (_, i) => node(`n${i}\x1b[2J`, "a:1"));
  const find = findTarget(parseDestination("a=b"), { a: "b" }, () => Promise.resolve(many));
  await assert.rejects(find, (error) => {
    assert.ok(error instanceof ToolError);
    assert.match(error.message, /\n {2}and 5 more$/);
    assert.ok(!error.message.includes("\x1b"));
    return true;
  });
});

Deno.test("what a failed dial means is told by the nodes of that name", async () => {
  const failed = new ToolError("connection", "the proxy's words");
  const explain = async (typed: string, error: unknown = failed, list = listNodes) =>
    await explainDialError(error, parseDestination(typed), list) as ToolError;
  assert.match((await explain("nosuch")).message, /^no node nosuch that you may reach$/);
  assert.equal((await explain("nosuch")).cause, failed);
  assert.match((await explain("TWIN")).message, /^2 nodes match TWIN/);
  assert.match((await explain("web01")).message, /^cannot reach web01 \(10\.0\.0\.1:22\)$/);
  const denied = new ToolError("access_denied", "no");
  assert.equal(await explain("web01", denied), denied);
  assert.equal(await explain("web01", failed, () => Promise.reject(new Error("down"))), failed);
});
