import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { fakeDeps } from "../../../tests/support/fake_deps.ts";
import { openMemoryBackend } from "../../backend/mod.ts";
import { Authorities } from "../authorities.ts";
import { ADMIN_CERTIFICATE_TTL_MS, AdminIdentityKeeper } from "./admin_identity.ts";
import { readAdminIdentity } from "./identity_file.ts";

Deno.test("the administrator's certificate is renewed when half of its life is over", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latchkey-admin-" });
  const deps = fakeDeps();
  try {
    await using backend = openMemoryBackend(deps);
    const authorities = await Authorities.open(backend, "demo", deps);
    using keeper = new AdminIdentityKeeper({
      dataDir,
      clusterName: "demo",
      hostId: "id",
      authorities,
      checkEveryMs: 10,
      deps,
    });
    await keeper.start();
    const wait = () => new Promise((resolve) => setTimeout(resolve, 100));
    const first = await readAdminIdentity(dataDir);
    deps.clock.advance(ADMIN_CERTIFICATE_TTL_MS / 2 - 1);
    await wait();
    assert.deepEqual(await readAdminIdentity(dataDir), first);
    deps.clock.advance(1);
    await wait();
    const second = await readAdminIdentity(dataDir);
    assert.notEqual(second.certPem, first.certPem);
    const { validToDate } = new X509Certificate(second.certPem);
    assert.equal(validToDate.getTime(), deps.clock.now() + ADMIN_CERTIFICATE_TTL_MS);
    const files = await Array.fromAsync(Deno.readDir(`${dataDir}/admin`), ({ name }) => name);
    assert.deepEqual(files, ["identity.pem"]);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
