import assert from "node:assert/strict";
import { isAtLeast, parseOpensshVersion, requireSftp } from "./version.ts";

Deno.test.each<[string, [number, number] | undefined]>([
  ["OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\n", [9, 2]],
  ["OpenSSH_10.0p2, LibreSSL 3.3.6", [10, 0]],
  ["OpenSSH_for_Windows_8.6p1, LibreSSL 3.4.3", [8, 6]],
  ["Dropbear v2022.83", undefined],
])("parseOpensshVersion() reads %j", (banner, version) => {
  assert.deepEqual(parseOpensshVersion(banner), version);
});

Deno.test("versions are compared as numbers", () => {
  assert.ok(isAtLeast([10, 0], [9, 9]));
  assert.ok(isAtLeast([9, 10], [9, 9]));
  assert.ok(!isAtLeast([9, 2], [9, 9]));
  assert.throws(() => requireSftp([8, 6]), /scp of OpenSSH 8\.6 cannot use SFTP/);
  requireSftp([8, 7]);
});
