import assert from "node:assert/strict";
import fc from "fast-check";
import { ToolError } from "../errors/mod.ts";
import { parseLabels, parseSearchKeywords } from "./labels.ts";

Deno.test.each([
  ["env=prod", { env: "prod" }],
  ["env=prod,arch=x86_64", { env: "prod", arch: "x86_64" }],
  ["env=prod;arch=x86_64", { env: "prod", arch: "x86_64" }],
  [' env = prod , "team" = "data base" ', { env: "prod", team: "data base" }],
  ['role="master,database,ssh"', { role: "master,database,ssh" }],
  ['"a=b"=c', { "a=b": "c" }],
  ["env=", { env: "" }],
  ["名前=値", { 名前: "値" }],
  ["env=prod,", { env: "prod" }],
  ["", {}],
])("parseLabels(%o)", (text, labels) => {
  assert.deepEqual(parseLabels(text), labels);
});

Deno.test.each([
  ["nolabel", /"nolabel" is not key=value/],
  ["env=prod,nolabel", /"nolabel" is not key=value/],
  ["a=b=c", /is not key=value/],
  ["=x", /a key is empty/],
  ['env="prod', /a quote stays open/],
  ["env=prod,env=dev", /"env" stands there twice/],
])("parseLabels(%o) is refused", (text, words) => {
  assert.throws(
    () => parseLabels(text),
    (error) => error instanceof ToolError && error.code === "usage" && words.test(error.message),
  );
});

Deno.test.each([
  ["foo,bar", ["foo", "bar"]],
  ['foo,"some phrase", bar ', ["foo", "some phrase", "bar"]],
  ['"a,b"', ["a,b"]],
  [",,", []],
  ["", []],
])("parseSearchKeywords(%o)", (text, words) => {
  assert.deepEqual(parseSearchKeywords(text), words);
});

Deno.test("parseSearchKeywords() refuses a quote that stays open", () => {
  assert.throws(() => parseSearchKeywords('a,"b'), { name: "ToolError", code: "usage" });
});

Deno.test("labels and words of any text are read or refused", () => {
  const text = fc.string({ unit: fc.constantFrom(...'a=,;" _') });
  fc.assert(fc.property(text, (typed) => {
    for (const parse of [parseLabels, parseSearchKeywords]) {
      try {
        parse(typed);
      } catch (error) {
        assert.ok(error instanceof ToolError, String(error));
      }
    }
  }));
});
