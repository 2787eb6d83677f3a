import assert from "node:assert/strict";
import fc from "fast-check";
import { userNameProblem } from "./names.ts";

Deno.test.each([
  "alice",
  "alice@example.com",
  "Bad/Name",
  "\u00c5dam %2F..",
  "\u674e\u5c0f\u9f99",
  "\u0418\u0432\u0430\u043d",
  "\u05d3\u05d5\u05d3",
  "\u0928\u093f\u0927\u093f",
  "x".repeat(128),
])("a user may be called %j", (name: string) => {
  assert.equal(userNameProblem(name), undefined);
});

Deno.test.each([
  ["", "expected 1 to 128 characters"],
  ["x".repeat(129), "expected 1 to 128 characters"],
  ["-a", "expected no dash at its start and no space around it"],
  [" a", "expected no dash at its start and no space around it"],
  ["a ", "expected no dash at its start and no space around it"],
  ["A\u030adam", "expected Unicode's composed form (NFC)"],
  ["a\nb", "it has the invisible or control character U+000A"],
  ["a\u009b", "it has the invisible or control character U+009B"],
  ["ali\u200bce", "it has the invisible or control character U+200B"],
  ["ali\u200dce", "it has the invisible or control character U+200D"],
  ["\ufeffalice", "it has the invisible or control character U+FEFF"],
  ["alice\u202e", "it has the invisible or control character U+202E"],
  ["alice\u2066", "it has the invisible or control character U+2066"],
  ["al\u00adice", "it has the invisible or control character U+00AD"],
  ["alice\u3164", "it has the invisible or control character U+3164"],
  ["alice\ufe0f", "it has the invisible or control character U+FE0F"],
  ["al\u00a0ice", "it has the invisible or control character U+00A0"],
  ["alice\u2028", "it has the invisible or control character U+2028"],
  ["alice\u{e0041}", "it has the invisible or control character U+E0041"],
  ["\ud800", "it has the invisible or control character U+D800"],
])("a user may not be called %j", (name: string, problem: string) => {
  assert.equal(userNameProblem(name), problem);
});

Deno.test("whatever may be a name is composed and has nothing that cannot be seen", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), (name) => {
    if (userNameProblem(name) !== undefined) return;
    assert.equal(name, name.normalize("NFC"));
    assert.doesNotMatch(name, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
  }));
});
