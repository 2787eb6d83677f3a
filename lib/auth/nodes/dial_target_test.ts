import assert from "node:assert/strict";
import fc from "fast-check";
import { isToolError } from "../../errors/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";
import { findDialTarget, parseDialTarget } from "./dial_target.ts";

function node(name: string, hostname: string, addr: string): NodeResource {
  return {
    kind: "node",
    sub_kind: "",
    version: "v2",
    metadata: { name, labels: {} },
    spec: { addr, hostname, public_addrs: [], version: "" },
  };
}

const UUID = "5da56852-2adb-4540-a37c-80790203f6a9";
const NODES = [
  node(UUID, "server01", "192.0.2.1:22"),
  node("b", "server02", "192.0.2.2:22"),
  node("c", "twin", "192.0.2.3:22"),
  node("d", "twin", "192.0.2.3:2222"),
  node("e", UUID, "[2001:db8::1]:22"),
];

const find = (target: string) => findDialTarget(NODES, parseDialTarget(target)).metadata.name;

Deno.test("a target is a name, a UUID, or an address with its port", () => {
  assert.equal(find("server01:0"), UUID);
  assert.equal(find("SERVER02:0"), "b");
  assert.equal(find("server02"), "b");
  assert.equal(find("192.0.2.2:22"), "b");
  assert.equal(find("192.0.2.3:2222"), "d");
  assert.equal(find("twin:22"), "c");
  assert.equal(find("[2001:db8::1]:22"), "e");
  assert.equal(find("2001:db8::1"), "e");
});

Deno.test("a UUID means the node of that name, not one that calls itself so", () => {
  assert.equal(find(`${UUID}:0`), UUID);
});

Deno.test("several nodes, no node and another port are not found", () => {
  assert.throws(() => find("twin:0"), { code: "not_found", message: /ambiguous/ });
  assert.throws(() => find("nosuch:0"), { code: "not_found" });
  assert.throws(() => find("server01:2222"), { code: "not_found" });
});

Deno.test("an address catches nothing that is meant for a node's name", () => {
  const victim = node("a", "server01", "192.0.2.1:3022");
  const other = node("b", "other", "192.0.2.2:22");
  other.spec.public_addrs = ["server01:22", "alias:22"];
  const find = (target: string) =>
    findDialTarget([other, victim], parseDialTarget(target)).metadata.name;
  assert.equal(find("server01"), "a");
  assert.equal(find("SERVER01:3022"), "a");
  assert.throws(() => find("server01:22"), { code: "not_found" });
  assert.equal(find("alias:22"), "b");
  assert.throws(() => find("alias:3022"), { code: "not_found" });
});

Deno.test("parseDialTarget() reads or refuses", () => {
  for (const bad of ["", ":22", "a b:1", "host:99999", "host:x", "[::1", "x".repeat(600)]) {
    assert.throws(() => parseDialTarget(bad), { code: "bad_parameter" }, bad);
  }
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      assert.ok(parseDialTarget(text).host.length > 0);
    } catch (error) {
      assert.ok(isToolError(error, "bad_parameter"));
    }
  }));
});
