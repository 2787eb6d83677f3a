import assert from "node:assert/strict";
import { addressGroup, ConnectionCaps } from "./connection_caps.ts";

Deno.test("ConnectionCaps admits so many of a group, and takes back what has ended", () => {
  const caps = new ConnectionCaps({ total: 10, perGroup: 2 });
  const leave = caps.admit("192.0.2.1");
  assert.ok(leave);
  assert.ok(caps.admit("192.0.2.1"));
  assert.equal(caps.admit("192.0.2.1"), undefined);
  assert.ok(caps.admit("192.0.2.2"));
  leave();
  assert.ok(caps.admit("192.0.2.1"));
  assert.equal(caps.open, 3);
});

Deno.test("ConnectionCaps admits so many in all, also of those without a group", () => {
  const caps = new ConnectionCaps({ total: 3, perGroup: 1 });
  const leaves = [caps.admit(undefined), caps.admit(undefined), caps.admit("192.0.2.1")];
  assert.equal(caps.admit(undefined), undefined);
  assert.equal(caps.admit("192.0.2.9"), undefined);
  for (const leave of leaves) leave!();
  assert.equal(caps.open, 0);
  assert.ok(caps.admit("192.0.2.1"));
});

Deno.test.each([
  { address: "192.0.2.1", group: "192.0.2.1" },
  { address: "2001:db8:1:2:3:4:5:6", group: "2001:db8:1:2::/64" },
  { address: "2001:db8:0001:2::9", group: "2001:db8:1:2::/64" },
  { address: "2001:db8::9", group: "2001:db8:0:0::/64" },
  { address: "::1", group: "0:0:0:0::/64" },
  { address: "1:2::192.0.2.1", group: "1:2:0:0::/64" },
])("addressGroup() counts $address as $group", ({ address, group }) => {
  assert.equal(addressGroup(address), group);
});
