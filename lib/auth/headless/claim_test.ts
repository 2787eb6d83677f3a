import assert from "node:assert/strict";
import { AuthCluster, startLogin } from "../../../tests/support/auth_cluster.ts";
import { fakeDeps } from "../../../tests/support/fake_deps.ts";
import { DENIED, edit } from "../../../tests/support/headless_help.ts";
import { InterleavedBackend } from "../../../tests/support/interleaved_backend.ts";
import { openMemoryBackend } from "../../backend/mod.ts";
import { parseSshCertificate } from "../../keys/mod.ts";

/** An approved request whose claim is about to be written when `meanwhile` happens. */
async function approvedWhile(
  meanwhile: (cluster: AuthCluster, id: string, abort: () => void) => Promise<unknown>,
) {
  const backend = new InterleavedBackend(openMemoryBackend(fakeDeps()));
  const cluster = await AuthCluster.open({ backend });
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  const caller = await alice.caller();
  await cluster.auth.headless.get(caller, login.id);
  const response = await alice.assertion(caller);
  backend.beforeNextAtomicWrite(() => meanwhile(cluster, login.id, login.abort));
  await cluster.auth.headless.update(caller, login.id, { state: "approved", response });
  return { cluster, login };
}

Deno.test("the record changed between reading and claiming: no certificate", async () => {
  const { cluster, login } = await approvedWhile((cluster, id) =>
    edit(cluster, `/headless/alice/${id}`, { claimed: true })
  );
  await using _ = cluster;
  await assert.rejects(login.result, DENIED);
});

Deno.test("the user was locked between reading and claiming: no certificate", async () => {
  const { cluster, login } = await approvedWhile((cluster) =>
    edit(cluster, "/users/alice", { locked: true })
  );
  await using _ = cluster;
  await assert.rejects(login.result, DENIED);
});

Deno.test("headless was switched off between reading and claiming: no certificate", async () => {
  const { cluster, login } = await approvedWhile(({ backend }) => {
    const value = new TextEncoder().encode(JSON.stringify({ type: "local", headless: false }));
    return backend.put({ key: "/settings/auth_preference", value });
  });
  await using _ = cluster;
  await assert.rejects(login.result, DENIED);
});

Deno.test("roles changed between reading and claiming: the certificate has the new ones", async () => {
  const { cluster, login } = await approvedWhile((cluster) =>
    edit(cluster, "/users/alice", { roles: ["auditor"] })
  );
  await using _ = cluster;
  const { extensions } = parseSshCertificate((await login.result).sshCertificate);
  assert.equal(extensions["teleport-roles"], '{"version":"v1","roles":["auditor"]}');
});

Deno.test("the command left between approval and claim: no certificate, and the record says so", async () => {
  const { cluster, login } = await approvedWhile(async (cluster, _, abort) => {
    // Makes the claim start over, with the command gone.
    await edit(cluster, "/users/alice", { logins: ["other"] });
    abort();
  });
  await using _ = cluster;
  await assert.rejects(login.result, { code: "cancelled" });
  const { value } = await cluster.backend.get(`/headless/alice/${login.id}`);
  const record = JSON.parse(new TextDecoder().decode(value));
  assert.equal(record.state, "withdrawn");
  assert.equal(record.claimed, false);
  const events = await cluster.audit();
  assert.ok(!events.some(({ code }) => code === "TC000I"));
});
