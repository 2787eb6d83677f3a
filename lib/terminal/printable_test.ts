import assert from "node:assert/strict";
import fc from "fast-check";
import { printable } from "./printable.ts";

Deno.test("printable() keeps text in any script", () => {
  for (const text of ["server01", "größe", "サーバー", "🔑", "a=b, c", ""]) {
    assert.equal(printable(text), text);
  }
});

Deno.test("printable() writes out what could steer a terminal", () => {
  assert.equal(printable("\x1b[2Jx"), "\\u001b[2Jx");
  assert.equal(printable("\x1b]0;title\x07"), "\\u001b]0;title\\u0007");
  assert.equal(printable("\u009b31m"), "\\u009b31m");
  assert.equal(printable("a\rb\nc\td"), "a\\u000db\\u000ac\\u0009d");
  assert.equal(printable("\x7f"), "\\u007f");
});

Deno.test("printable() writes out what could deceive the eye", () => {
  assert.equal(printable("\u202egnp.exe"), "\\u202egnp.exe");
  assert.equal(printable("a\u200bb"), "a\\u200bb");
  assert.equal(printable("a\u{e0041}"), "a\\u{e0041}");
  assert.equal(printable("\ud800x"), "\\ud800x");
});

Deno.test("printable() keeps lines when asked, and nothing else", () => {
  assert.equal(printable("a\n\tb\r\x1b", { lines: true }), "a\n\tb\\u000d\\u001b");
});

Deno.test("printable() never lets a control character through", () => {
  const codePoint = fc.oneof(fc.nat({ max: 0xff }), fc.nat({ max: 0x10ffff }));
  fc.assert(fc.property(fc.array(codePoint), (codePoints) => {
    const text = String.fromCodePoint(...codePoints);
    assert.doesNotMatch(printable(text), /[\p{Cc}\p{Bidi_Control}\p{Cs}]/u);
  }));
});
