import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { ToolError } from "../errors/mod.ts";
import { MAX_YAML_BYTES, readYaml, type YamlValue } from "./yaml.ts";

const values = (text: string) => readYaml(text, "f.yaml").map((document) => plain(document.value));

/** The same with ordinary objects, for comparison. */
function plain(value: YamlValue): unknown {
  return JSON.parse(JSON.stringify(value));
}

function refusal(text: string): string {
  try {
    readYaml(text, "f.yaml");
  } catch (error) {
    assert.ok(error instanceof ToolError, String(error));
    return `${error.code}: ${error.message}`;
  }
  assert.fail(`it was read: ${text.slice(0, 100)}`);
}

Deno.test("readYaml() reads documents, lists, mappings and scalars of YAML 1.2", () => {
  const text = `# first
a: 1
b: [x, "y: z", 'q', true, null, 1.5, no]
c:
  - d: |
      two
      lines
  -
8080: port
---
just text
---
`;
  assert.deepEqual(values(text), [
    {
      a: 1,
      b: ["x", "y: z", "q", true, null, 1.5, "no"],
      c: [{ d: "two\nlines\n" }, null],
      "8080": "port",
    },
    "just text",
  ]);
  assert.deepEqual(values(""), []);
  assert.deepEqual(values("# nothing\n---\n...\n"), []);
  assert.deepEqual(values("\ufeffa: 1\r\nb: 2\r\n"), [{ a: 1, b: 2 }]);
});

Deno.test("readYaml() knows where everything stands", () => {
  const [document] = readYaml("a: 1\nb:\n  - c: x\n    dd: [1, two]\n", "f.yaml");
  assert.deepEqual(document!.positionOf(["b", 0, "dd", 1]), { line: 4, column: 13 });
  assert.deepEqual(document!.positionOf(["b", 0, "missing", "deeper"]), { line: 3, column: 5 });
  assert.deepEqual(document!.positionOf([]), { line: 1, column: 1 });
  assert.deepEqual(document!.keysAt(["b", 0]), [
    { key: "c", position: { line: 3, column: 5 } },
    { key: "dd", position: { line: 4, column: 5 } },
  ]);
  assert.deepEqual(document!.keysAt(["a"]), []);
  assert.deepEqual(document!.keysAt(["nothing", "there"]), []);
});

Deno.test("readYaml() counts lines over all documents of a file", () => {
  const documents = readYaml("a: 1\n---\nb: 2\n---\n\nc: 3\n", "f.yaml");
  assert.deepEqual(documents.map((document) => document.positionOf([]).line), [1, 3, 6]);
});

Deno.test.each([
  [
    "a: [1",
    "bad_parameter: f.yaml:1:6: flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  [
    "a: b: c",
    "bad_parameter: f.yaml:1:4: a mapping cannot begin here: check the indentation, and quote a value that has `: ` in it",
  ],
  [
    "a: 1\n b: 2\n",
    "bad_parameter: f.yaml:1:4: a mapping cannot begin here: check the indentation, and quote a value that has `: ` in it",
  ],
  ["a: 'x", "bad_parameter: f.yaml:1:6: missing closing 'quote"],
  [
    "a: 1\nb: 2\n  a: 3\n\ta: 4",
    "bad_parameter: f.yaml:2:4: a mapping cannot begin here: check the indentation, and quote a value that has `: ` in it",
  ],
  ["ok: 1\na: 1\na: 2", 'bad_parameter: f.yaml:3:1: the key "a" is given twice'],
  ["{a: 1, 'a': 2}", 'bad_parameter: f.yaml:1:8: the key "a" is given twice'],
  ["1: a\n'1': b", 'bad_parameter: f.yaml:2:1: the key "1" is given twice'],
  ["a: &x [1]", "bad_parameter: f.yaml:1:7: anchors (&name) are not read here"],
  [
    "a: *x",
    "bad_parameter: f.yaml:1:4: aliases (*name) are not read here, repeat the value",
  ],
  [
    "a: !!binary aGk=",
    "bad_parameter: f.yaml:1:13: tags (tag:yaml.org,2002:binary) are not read here, quote a value to make it a string",
  ],
  [
    "a: !!js/function 'x'",
    "bad_parameter: f.yaml:1:18: tags (tag:yaml.org,2002:js/function) are not read here, quote a value to make it a string",
  ],
  ["? [a]\n: 1", "bad_parameter: f.yaml:1:3: this cannot be a key, expected a name"],
  ["__proto__: {admin: true}", "bad_parameter: f.yaml:1:1: this cannot be a key, expected a name"],
  [": 1", "bad_parameter: f.yaml:1:1: this cannot be a key, expected a name"],
  [
    "%YAML 1.1\n---\na: yes",
    "bad_parameter: f.yaml: YAML directives (lines with %) are not read here",
  ],
  [
    "%TAG ! tag:x,2000:\n---\na: 1",
    "bad_parameter: f.yaml: YAML directives (lines with %) are not read here",
  ],
])("readYaml() refuses %j", (text: string, expected: string) => {
  assert.equal(refusal(text), expected);
});

const LAUGHS = ["a: &a [x, x, x]"].concat(
  Array.from({ length: 20 }, (_, i) => {
    const [before, name] = [String.fromCharCode(97 + i), String.fromCharCode(98 + i)];
    return `${name}: &${name} [*${before}, *${before}, *${before}, *${before}]`;
  }),
).join("\n");

const M = MAX_YAML_BYTES;
Deno.test.each([
  ["a billion laughs", LAUGHS],
  ["ten megabytes", "a: 1\n".repeat(2 * M)],
  ["one byte too many, in two-byte letters", "é".repeat(M / 2) + "x"],
  ["deep lists", "[".repeat(M)],
  ["deep lists that end", "[".repeat(1000) + "]".repeat(1000)],
  ["deep mappings", "{a: ".repeat(M / 4)],
  ["deep block lists", "- ".repeat(M / 2)],
  ["deep block mappings", Array.from({ length: 1400 }, (_, i) => " ".repeat(i) + "a:").join("\n")],
  ["deep complex keys", "? ".repeat(M / 2)],
  ["many keys", Array.from({ length: 120_000 }, (_, i) => `k${i}:`).join("\n")],
  ["many documents", "---\n".repeat(M / 4)],
  ["many quotes", '"'.repeat(M)],
  ["many commas", "{" + ",".repeat(M - 2) + "}"],
  ["many closed lists", "[]".repeat(M / 2)],
  ["many tags", "! ".repeat(M / 2)],
  ["many anchors", "&a ".repeat(M / 3)],
  ["many aliases", "a: &a\n" + "b: *a\n".repeat(M / 7)],
  ["many directives", "%\n".repeat(M / 2)],
  ["many mistakes", "a: b: c\n".repeat(M / 8)],
])("readYaml() refuses %s, and does not take long", (_: string, text: string) => {
  assert.match(refusal(text), /^(limit_exceeded|bad_parameter): /);
});

Deno.test("readYaml() reads a mebibyte of nodes", () => {
  const node =
    "kind: node\nmetadata: {labels: {env: prod, arch: x86_64}}\nspec:\n  addr: 10.0.0.1:22\n---\n";
  assert.equal(
    values(node.repeat(Math.floor(M / node.length))).length,
    Math.floor(M / node.length),
  );
});

Deno.test("readYaml() reads back what is written, whatever strings are in it", () => {
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
      fc.integer(),
      fc.boolean(),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("any"), { maxKeys: 4 }),
    ),
  })).any;
  fc.assert(fc.property(value, (original) => {
    assert.deepEqual(values(stringify({ original })), [plain({ original } as never)]);
  }));
});

Deno.test("readYaml() throws nothing but ToolError, whatever it is given", () => {
  const marks = fc.constantFrom(..."[]{}:,-?!&*#|>'\"%@` \n\t\r\0\x02\x18\x1fa1=~");
  fc.assert(
    fc.property(fc.string({ unit: marks, maxLength: 80 }), (text) => {
      try {
        readYaml(text, "f.yaml");
      } catch (error) {
        assert.ok(error instanceof ToolError, String(error));
        assert.match(error.message, /^f\.yaml/);
      }
    }),
    { numRuns: 2000 },
  );
});
