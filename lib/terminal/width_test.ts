import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth, truncateToWidth } from "./width.ts";

Deno.test.each([
  ["", 0],
  ["server01", 8],
  ["größe", 5],
  ["e\u0301", 1],
  ["サーバー", 8],
  ["한국어", 6],
  ["ｗｅｂ", 6],
  ["🔑 key", 6],
  ["⟵ Tunnel", 8],
  ["…", 1],
])("displayWidth(%o) is %d columns", (text, columns) => {
  assert.equal(displayWidth(text), columns);
});

Deno.test("truncateToWidth() never cuts a wide character in half", () => {
  assert.equal(truncateToWidth("サーバー", 5), "サー");
  assert.equal(truncateToWidth("サーバー", 8), "サーバー");
  assert.equal(truncateToWidth("ab", 0), "");
  assert.equal(truncateToWidth("🔑x", 1), "");
});

const TEXT = fc.string({ unit: fc.constantFrom("a", "é", "\u0301", "サ", "🔑", "-") });

Deno.test("truncateToWidth() gives a beginning that fits", () => {
  fc.assert(fc.property(TEXT, fc.nat({ max: 40 }), (text, columns) => {
    const cut = truncateToWidth(text, columns);
    assert.ok(text.startsWith(cut));
    assert.ok(displayWidth(cut) <= columns);
    if (displayWidth(text) <= columns) assert.equal(cut, text);
  }));
});
