import assert from "node:assert/strict";
import { parsePublicAddress } from "./public_address.ts";

Deno.test.each([
  { address: "proxy.example.com:3080", hostPort: "proxy.example.com:3080", port: ":3080" },
  { address: "proxy.example.com:443", hostPort: "proxy.example.com:443", port: "" },
  { address: "Proxy.Example.com", hostPort: "proxy.example.com:4000", port: ":4000" },
])("parsePublicAddress() reads $address", ({ address, hostPort, port }) => {
  assert.deepEqual(parsePublicAddress(address, 4000), {
    hostPort,
    origin: `https://proxy.example.com${port}`,
    isLocal: false,
  });
});

Deno.test.each([
  { address: "localhost:3080", origin: "https://localhost:3080" },
  { address: "a.localhost", origin: "https://a.localhost" },
  { address: "127.0.0.1:3080", origin: "https://127.0.0.1:3080" },
  { address: "[::1]:3080", origin: "https://[::1]:3080" },
  { address: "[::1]", origin: "https://[::1]" },
])("parsePublicAddress() knows that $address is local", ({ address, origin }) => {
  const parsed = parsePublicAddress(address, 443);
  assert.equal(parsed.isLocal, true);
  assert.equal(parsed.origin, origin);
});

Deno.test.each([
  { address: "" },
  { address: "https://proxy.example.com" },
  { address: "proxy.example.com/web" },
  { address: "user@proxy.example.com" },
  { address: "proxy.example.com:99999" },
  { address: "a b" },
])('parsePublicAddress() refuses "$address"', ({ address }) => {
  assert.throws(() => parsePublicAddress(address, 443), { code: "bad_parameter" });
});
