import assert from "node:assert/strict";
import fc from "fast-check";
import type { NodeResource } from "../../resources/mod.ts";
import { isToolError } from "../../errors/mod.ts";
import { parsePredicate } from "./predicate.ts";

const NODE: NodeResource = {
  kind: "node",
  sub_kind: "openssh",
  version: "v2",
  metadata: { name: "5da56852", labels: { env: "prod", "a b": 'x"y', arch: "x86_64" } },
  spec: { addr: "192.0.2.7:22", hostname: "server01", public_addrs: [], version: "1" },
};

Deno.test("queries as tsh's help and Teleport's documentation show them", () => {
  const cases: [query: string, fits: boolean][] = [
    ['labels["env"] == "prod"', true],
    ['labels["env"] == "prod" && labels["arch"] != "arm"', true],
    ["labels.env == 'dev' || name == `server01`", true],
    ['name == "5da56852"', false],
    ['hostname == "server01"', true],
    ['!(labels.env == "prod")', false],
    ['!exists(labels.nosuch) && exists(labels["env"])', true],
    ['equals(labels.env, "prod")', true],
    ['search("SERVER", "x86")', true],
    ['search("server", "nosuch")', false],
    ['hasPrefix(name, "server")', true],
    ['contains(resource.spec.addr, ".0.2.")', true],
    ['resource.metadata.name == "5da56852"', true],
    ['resource.metadata.labels["env"] == "prod"', true],
    ['labels["a b"] == "x\\"y"', true],
    ['labels.nosuch == ""', true],
    ['labels.nosuch != "x"', true],
    ['"prod" == labels.env', true],
    ['labels.env == "a" || labels.env == "prod" && name == "no"', false],
    ['(labels.env == "a" || labels.env == "prod") && name != "no"', true],
  ];
  for (const [query, fits] of cases) assert.equal(parsePredicate(query)(NODE), fits, query);
});

Deno.test("what is wrong with a query is said, with its place", () => {
  const cases: [query: string, message: RegExp][] = [
    ["", /found its end/],
    ['labels["env"]', /expected a comparison/],
    ['"x"', /expected a comparison/],
    ['labels == "x"', /labels need a name/],
    ['owner == "x"', /identifier "owner" is not known/],
    ['resource.spec.secret == "x"', /identifier "resource.spec.secret" is not known/],
    ['regexp(name, "x")', /function "regexp" is not known; there are equals/],
    ["exists()", /exists\(\) takes 1 argument$/],
    ['equals(exists(name), "y")', /cannot be compared or passed/],
    ['equals(name == "x", "y")', /expected \), found "=="/],
    ['name == "x" name', /found "name" at position 13/],
    ['name = "x"', /"=" at position 6/],
    ['name == "x', /closing quote at position 9/],
    ['(name == "x"', /expected \), found its end/],
    ["name == 7", /"7" at position 9/],
    ["(".repeat(100), /nested too deeply/],
    ["!".repeat(100), /nested too deeply/],
    ["exists(".repeat(100), /nested too deeply|cannot be compared/],
    ["x".repeat(5000), /longer than 4096/],
  ];
  for (const [query, message] of cases) {
    assert.throws(() => parsePredicate(query), { code: "bad_parameter", message }, query);
  }
});

Deno.test("a query is read or refused, never anything else", () => {
  const words = fc.constantFrom(
    "labels",
    "name",
    '"x"',
    "==",
    "!=",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "exists",
    "search",
    " ",
    "'",
    "labels.env",
    "\\",
    "__proto__",
    "resource.constructor",
  );
  const query = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 30 }).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(query, (text) => {
      try {
        assert.equal(typeof parsePredicate(text)(NODE), "boolean");
      } catch (error) {
        assert.ok(isToolError(error, "bad_parameter"), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
