import assert from "node:assert/strict";
import { limitAddress } from "./address.ts";

Deno.test("limitAddress() counts IPv6 by /64 and mapped addresses as IPv4", () => {
  const cases: [address: string, counted: string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["unknown", "unknown"],
  ];
  for (const [address, counted] of cases) assert.equal(limitAddress(address), counted);
  assert.equal(limitAddress("x".repeat(1000)).length, 64);
});
