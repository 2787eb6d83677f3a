import assert from "node:assert/strict";
import fc from "fast-check";
import { checkPassword } from "../../../lib/auth/passwords.ts";
import { passwordRules } from "./password_rules.ts";

function goodHere(password: string): boolean {
  return passwordRules(password).every((rule) => rule.met);
}

function goodThere(password: string): boolean {
  try {
    checkPassword(password);
    return true;
  } catch {
    return false;
  }
}

Deno.test("the page accepts exactly the passwords that the auth service accepts", () => {
  const near = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 20 }),
    fc.string({ unit: "grapheme", minLength: 60, maxLength: 150 }),
    fc.string({ minLength: 120, maxLength: 135 }),
  );
  fc.assert(fc.property(near, (password) => {
    assert.equal(goodHere(password), goodThere(password));
  }));
});

Deno.test("the borders are where the rules say", () => {
  assert.ok(!goodHere("a".repeat(11)));
  assert.ok(goodHere("a".repeat(12)));
  assert.ok(goodHere("a".repeat(128)));
  assert.ok(!goodHere("a".repeat(129)));
  assert.ok(!goodHere("é".repeat(65)));
  // Eleven letters that look like eleven, typed as 22 code points.
  assert.ok(!goodHere("e\u0301".repeat(11)));
});

Deno.test("no rule counts as met before anything is typed", () => {
  assert.deepEqual(passwordRules("").map((rule) => rule.met), [false, false]);
});
