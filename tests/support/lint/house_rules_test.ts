import assert from "node:assert/strict";
import plugin from "./house_rules.ts";

function idsOf(filename: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, filename, source).map((diagnostic) => diagnostic.id);
}

Deno.test("outside-only-in-deps catches the clock, randomness, environment, exit and console", () => {
  const source =
    `Date.now(); Math.random(); Deno.env.get("A"); Deno.exit(1); new Date(); performance.now();
    console.log();`;
  assert.deepEqual(
    idsOf("lib/auth/users.ts", source),
    Array(7).fill("house/outside-only-in-deps"),
  );
  assert.deepEqual(idsOf("lib/deps/real.ts", source), []);
  assert.deepEqual(idsOf("lib/auth/users_test.ts", source), []);
});

Deno.test("outside-only-in-deps lets a date be made from a number", () => {
  assert.deepEqual(idsOf("lib/auth/users.ts", `new Date(5);`), []);
});

Deno.test("front-door wants mod.ts and keeps client and cluster apart", () => {
  assert.deepEqual(idsOf("lib/proxy/a.ts", `import { x } from "../auth/users.ts";`), [
    "house/front-door",
  ]);
  assert.deepEqual(idsOf("lib/proxy/a.ts", `import { x } from "../auth/mod.ts";`), []);
  assert.deepEqual(idsOf("lib/proxy/a.ts", `import { x } from "./b.ts";`), []);
  assert.deepEqual(idsOf("lib/client/a.ts", `import { x } from "../auth/mod.ts";`), [
    "house/front-door",
  ]);
  assert.deepEqual(idsOf("lib/client/a.ts", `import { x } from "../wire/alpn.ts";`), []);
  assert.deepEqual(idsOf("lib/wire/a.ts", `import { x } from "../keys/mod.ts";`), [
    "house/front-door",
  ]);
  assert.deepEqual(idsOf("lib/auth/a.ts", `await import("../../cmd/tsh/mod.ts");`), [
    "house/front-door",
  ]);
});

Deno.test("plain-typescript refuses enums, parameter properties and default exports", () => {
  assert.deepEqual(idsOf("lib/a/a.ts", `enum A { B }`), ["house/plain-typescript"]);
  assert.deepEqual(idsOf("lib/a/a.ts", `class A { constructor(readonly b: string) {} }`), [
    "house/plain-typescript",
  ]);
  assert.deepEqual(idsOf("lib/a/a.ts", `export default 1;`), ["house/plain-typescript"]);
});
