import assert from "node:assert/strict";
import fc from "fast-check";
import { isLoginName } from "./login_name.ts";

Deno.test.each([
  "root",
  "alice",
  "_apt",
  "systemd-network",
  "a.b",
  "1000",
  "adam@example.com",
  "EXAMPLE\\adam",
  "x".repeat(64),
])("%j can be a login", (name: string) => {
  assert.equal(isLoginName(name), true);
});

Deno.test.each([
  "",
  "-x",
  ".",
  "..",
  ".ssh",
  "@a",
  "\\a",
  "a\\",
  "*",
  "root;id",
  "$(id)",
  "a$",
  "`id`",
  "a b",
  "a,b",
  "a/b",
  "a:b",
  "a\n",
  "a\nb",
  "a\u200b",
  "\u00e5dam",
  "{{internal.logins}}",
  "x".repeat(65),
])("%j cannot be a login", (name: string) => {
  assert.equal(isLoginName(name), false);
});

Deno.test("no login has a character that a shell or a list of principals knows", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 6 }), (name) => {
    if (isLoginName(name)) assert.match(name, /^[\w.@\\-]+$/);
  }));
});
