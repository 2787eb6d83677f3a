import assert from "node:assert/strict";
import fc from "fast-check";
import { isRpId, joinHostPort, splitHostPort } from "./mod.ts";

Deno.test.each([
  ["127.0.0.1:22", "127.0.0.1", 22],
  ["proxy.example.com:443", "proxy.example.com", 443],
  ["proxy.example.com", "proxy.example.com", 3080],
  ["[::1]:3080", "::1", 3080],
  ["[fe80::1%eth0]", "fe80::1%eth0", 3080],
  [":3080", "", 3080],
  ["a:0", "a", 0],
])("splitHostPort() takes %s apart", (text: string, host: string, port: number) => {
  assert.deepEqual(splitHostPort(text, 3080), { host, port });
});

Deno.test.each([
  "",
  "::1",
  "::1:80",
  "a:b",
  "a:",
  "a:65536",
  "a:-1",
  "a b:1",
  "https://a:1",
  "[::1",
  "[a.b]:1",
  "user@a:1",
])("splitHostPort() refuses %j", (text: string) => {
  assert.equal(splitHostPort(text, 3080), undefined);
});

Deno.test("splitHostPort() wants a port where there is no default", () => {
  assert.equal(splitHostPort("a"), undefined);
});

Deno.test("joinHostPort() undoes splitHostPort()", () => {
  const address = fc.record({
    host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
    port: fc.integer({ min: 0, max: 65535 }),
  });
  fc.assert(fc.property(address, (parts) => {
    assert.deepEqual(splitHostPort(joinHostPort(parts)), { ...parts });
  }));
});

Deno.test("isRpId() takes domains and nothing else", () => {
  for (const domain of ["localhost", "example.com", "a-b.example.co.uk", "xn--bcher-kva.example"]) {
    assert.equal(isRpId(domain), true, domain);
  }
  const wrong = [
    "",
    "127.0.0.1",
    "::1",
    "1.2.3",
    "Example.com",
    "example.com.",
    "-a.com",
    "a_b.com",
  ];
  for (const text of [...wrong, "a b", "https://a", "a:1", "a/b", "*.a", `${"a".repeat(64)}.b`]) {
    assert.equal(isRpId(text), false, text);
  }
});
