import assert from "node:assert/strict";
import fc from "fast-check";
import { normalizeAddress, TrustedProxies } from "./client_address.ts";

const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]);

Deno.test.each([
  { peer: "203.0.113.9", header: "198.51.100.1", client: "203.0.113.9", why: "a stranger's word" },
  { peer: "10.1.1.1", header: "198.51.100.1", client: "198.51.100.1", why: "a proxy's word" },
  { peer: "::ffff:10.1.1.1", header: "198.51.100.1", client: "198.51.100.1", why: "mapped IPv4" },
  { peer: "10.1.1.1", header: undefined, client: "10.1.1.1", why: "no header" },
  { peer: "10.1.1.1", header: "", client: "10.1.1.1", why: "an empty header" },
  {
    peer: "10.1.1.1",
    header: "6.6.6.6, 198.51.100.1",
    client: "198.51.100.1",
    why: "spoofed left",
  },
  {
    peer: "10.1.1.1",
    header: "6.6.6.6, 198.51.100.1, 192.0.2.1, fd00::7",
    client: "198.51.100.1",
    why: "a chain of proxies",
  },
  { peer: "10.1.1.1", header: "10.9.9.9", client: "10.9.9.9", why: "a client inside" },
  { peer: "10.1.1.1", header: "6.6.6.6, nonsense", client: "10.1.1.1", why: "nonsense ends it" },
  { peer: "10.1.1.1", header: "6.6.6.6,", client: "10.1.1.1", why: "an empty hop ends it" },
  { peer: "10.1.1.1", header: "198.51.100.1:4711", client: "198.51.100.1", why: "a port" },
  { peer: "10.1.1.1", header: "[2001:db8::1]:4711", client: "2001:db8::1", why: "IPv6 and a port" },
])("TrustedProxies.clientAddress() with $why", ({ peer, header, client }) => {
  assert.equal(proxies.clientAddress(peer, header), client);
});

Deno.test("TrustedProxies.clientAddress() gives the peer, whatever is claimed, when nobody is trusted", () => {
  const none = new TrustedProxies([]);
  fc.assert(fc.property(fc.ipV4(), fc.string(), (peer, header) => {
    assert.equal(none.clientAddress(peer, header), peer);
  }));
});

Deno.test("TrustedProxies.clientAddress() always gives an address when the peer is one", () => {
  const everybody = new TrustedProxies(["0.0.0.0/0", "::/0"]);
  const hop = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string());
  fc.assert(fc.property(fc.ipV4(), fc.array(hop), (peer, hops) => {
    assert.notEqual(normalizeAddress(everybody.clientAddress(peer, hops.join(","))), undefined);
  }));
});

Deno.test.each([
  { entry: "10.0.0.0/33" },
  { entry: "10.0.0.0/" },
  { entry: "10.0.0.0/8/8" },
  { entry: "10.0.0.0/-1" },
  { entry: "proxy.example.com" },
  { entry: "" },
  { entry: "fd00::/129" },
])('TrustedProxies refuses the entry "$entry"', ({ entry }) => {
  assert.throws(() => new TrustedProxies([entry]), { code: "bad_parameter" });
});
