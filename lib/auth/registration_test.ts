import assert from "node:assert/strict";
import {
  ADMIN,
  AuthCluster,
  CLIENT,
  ORIGIN,
  PASSWORD,
  TestUser,
} from "../../tests/support/auth_cluster.ts";
import { SoftwareKey } from "../../tests/support/software_key.ts";

async function invited(cluster: AuthCluster, name = "alice"): Promise<string> {
  await cluster.auth.users.create(ADMIN, { name, roles: ["access"], logins: [name] });
  return (await cluster.auth.users.invite(ADMIN, name, { reset: false })).token;
}

Deno.test("finishing an invitation signs in, and uses it up", async () => {
  await using cluster = await AuthCluster.open();
  const token = await invited(cluster);
  const alice = new TestUser(cluster, "alice");
  const session = await alice.register({ token });
  assert.equal(session.user, "alice");
  assert.equal(session.expiresAtMs, cluster.clock.now() + 12 * 3_600_000);
  assert.equal((await alice.caller()).user, "alice");
  await assert.rejects(alice.register({ token }), { code: "not_found" });
  const [device, ...more] = await cluster.auth.mfa.devices(await alice.caller());
  assert.equal(more.length, 0);
  assert.equal(device?.name, "desk key");
  assert.equal(device?.kind === "webauthn" && device.webauthn.publicKeyCbor.length, 0);
});

Deno.test("two who finish the same invitation at the same moment: one is registered", async () => {
  await using cluster = await AuthCluster.open();
  for (let round = 0; round < 5; round++) {
    const name = `user${round}`;
    const token = await invited(cluster, name);
    const finish = async (key: SoftwareKey) => {
      const { publicKey } = await cluster.auth.registration.challenge(
        token,
        { passwordless: false },
        CLIENT,
      );
      const creationResponse = await key.create(publicKey, ORIGIN);
      return () =>
        cluster.auth.registration.finish(
          { token, password: PASSWORD, deviceName: "key", creationResponse },
          CLIENT,
        );
    };
    const ready = [await finish(new SoftwareKey()), await finish(new SoftwareKey())];
    const results = await Promise.allSettled(ready.map((run) => run()));
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await cluster.backend.range(`/devices/${name}/`)).length, 1);
    cluster.clock.advance(60_000);
  }
});

Deno.test("an invitation that is voided while the key is touched registers nothing", async () => {
  await using cluster = await AuthCluster.open();
  const token = await invited(cluster);
  const { registration, users } = cluster.auth;
  const { publicKey } = await registration.challenge(token, { passwordless: false }, CLIENT);
  const creationResponse = await new SoftwareKey().create(publicKey, ORIGIN);
  const results = await Promise.allSettled([
    registration.finish({ token, password: PASSWORD, deviceName: "key", creationResponse }, CLIENT),
    users.invite(ADMIN, "alice", { reset: true }),
  ]);
  assert.equal(results[1].status, "fulfilled");
  const devices = await cluster.backend.range("/devices/alice/");
  // Whichever came first: afterwards there is no device that the reset did not know of.
  assert.deepEqual(devices, []);
});

Deno.test("a weak password or a bad name can be put right: nothing was used up", async () => {
  await using cluster = await AuthCluster.open();
  const token = await invited(cluster);
  const { registration } = cluster.auth;
  const { publicKey } = await registration.challenge(token, { passwordless: false }, CLIENT);
  const creationResponse = await new SoftwareKey().create(publicKey, ORIGIN);
  const finish = (changes: { password?: string; deviceName?: string }) =>
    registration.finish(
      { token, password: PASSWORD, deviceName: "key", creationResponse, ...changes },
      CLIENT,
    );
  await assert.rejects(finish({ password: "short" }), { code: "bad_parameter" });
  await assert.rejects(finish({ password: "" }), { code: "bad_parameter" });
  await assert.rejects(finish({ deviceName: "" }), { code: "bad_parameter" });
  await assert.rejects(finish({ deviceName: "a\u001b[31m" }), { code: "bad_parameter" });
  await finish({});
});

Deno.test("passwordless: no password, a discoverable key, and the two kinds are not mixed up", async () => {
  await using cluster = await AuthCluster.open();
  const token = await invited(cluster);
  const { registration } = cluster.auth;
  const asMfa = await registration.challenge(token, { passwordless: false }, CLIENT);
  const creationResponse = await new SoftwareKey().create(asMfa.publicKey, ORIGIN);
  await assert.rejects(
    registration.finish({ token, deviceName: "key", creationResponse }, CLIENT),
    { code: "bad_parameter" },
  );
  const alice = new TestUser(cluster, "alice");
  await alice.register({ token, passwordless: true });
  await assert.rejects(cluster.backend.get("/passwords/alice"), { code: "not_found" });
  const { publicKey } = await cluster.auth.signIn.beginPasswordless(CLIENT);
  const response = await alice.key.get(publicKey, ORIGIN);
  const session = await cluster.auth.signIn.finish({ response }, CLIENT);
  assert.equal(session.user, "alice");
  await assert.rejects(cluster.auth.signIn.finish({ response }, CLIENT), { code: "access_denied" });
  // Without a password there is none to guess.
  await assert.rejects(
    cluster.auth.signIn.begin({ user: "alice", password: "" }, CLIENT),
    { code: "access_denied" },
  );
});

Deno.test("a credential that is one user's cannot become another's", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const [device] = await cluster.auth.mfa.devices(await alice.caller());
  assert.ok(device?.kind === "webauthn");
  const token = await invited(cluster, "mallory");
  const { registration } = cluster.auth;
  const { publicKey } = await registration.challenge(token, { passwordless: false }, CLIENT);
  // A key under mallory's control that claims alice's credential id.
  const id = device.webauthn.credentialId;
  const creationResponse = await new SoftwareKey().create(publicKey, ORIGIN, {
    editAuthenticatorData: (bytes) => {
      const changed = bytes.slice();
      changed.set(id, 37 + 16 + 2);
      return changed;
    },
    credentialId: id,
  });
  await assert.rejects(
    registration.finish({ token, password: PASSWORD, deviceName: "key", creationResponse }, CLIENT),
    { code: "already_exists" },
  );
  assert.deepEqual(await cluster.backend.range("/devices/mallory/"), []);
  await alice.signIn();
});

Deno.test("nobody signs in with what was prepared by an invitation that was not finished", async () => {
  await using cluster = await AuthCluster.open();
  const token = await invited(cluster);
  await cluster.auth.registration.challenge(token, { passwordless: true }, CLIENT);
  await assert.rejects(cluster.backend.get("/webauthn_ids/alice"), { code: "not_found" });
  assert.deepEqual(await cluster.backend.range("/webauthn_users/"), []);
  cluster.clock.advance(3_600_000);
  assert.deepEqual(await cluster.backend.range("/enrolments/"), []);
  assert.deepEqual(await cluster.backend.range("/tokens/"), []);
});
