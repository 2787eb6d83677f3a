import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  ADMIN,
  AuthCluster,
  CLIENT,
  ORIGIN,
  PASSWORD,
  startLogin,
  type TestUser,
} from "../../tests/support/auth_cluster.ts";
import { fakeDeps } from "../../tests/support/fake_deps.ts";
import { generateKeyPair } from "../keys/mod.ts";
import { createCa, issueCertificate } from "../keys/x509/mod.ts";
import { clusterServerName } from "../wire/mod.ts";
import { readAdminIdentity } from "./admin/mod.ts";
import { Authorities } from "./authorities.ts";

const DENIED = { code: "access_denied" };
const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

async function certificateOf(cluster: AuthCluster, user: TestUser): Promise<Uint8Array> {
  const { publicKey } = await cluster.auth.signIn.begin(
    { user: user.name, password: PASSWORD },
    CLIENT,
  );
  const { tlsCertificate } = await cluster.auth.signIn.finishWithCertificates({
    user: user.name,
    response: await user.key.get(publicKey, ORIGIN),
    sshPublicKey: generateKeyPair().sshPublicKey,
  }, CLIENT);
  return der(tlsCertificate);
}

Deno.test("a user's certificate stands for the user, with no more than the user still has", async () => {
  await using cluster = await AuthCluster.open();
  const { auth } = cluster;
  const alice = await cluster.addUser("alice", {
    roles: ["access", "editor"],
    logins: ["root", "alice"],
  });
  const certificate = await certificateOf(cluster, alice);
  const caller = {
    kind: "user",
    user: "alice",
    roles: ["access", "editor"],
    logins: ["root", "alice"],
    mfaVerified: false,
    client: CLIENT,
  };
  assert.deepEqual(await auth.callerFromCertificate(certificate, CLIENT), caller);
  const item = await cluster.backend.get("/users/alice");
  const user = JSON.parse(new TextDecoder().decode(item.value));
  const less = JSON.stringify({ ...user, roles: ["auditor", "editor"], logins: ["root", "new"] });
  await cluster.backend.put({ key: item.key, value: new TextEncoder().encode(less) });
  assert.deepEqual(await auth.callerFromCertificate(certificate, CLIENT), {
    ...caller,
    roles: ["editor"],
    logins: ["root"],
  });
});

Deno.test("a headless certificate is MFA-verified, and stands for nobody after its minute", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const login = startLogin(cluster.auth, "alice");
  await alice.approve(login.id);
  const certificate = der((await login.result).tlsCertificate);
  const caller = await cluster.auth.callerFromCertificate(certificate, CLIENT);
  assert.ok(caller.kind === "user" && caller.mfaVerified);
  cluster.clock.advance(60_001);
  await assert.rejects(cluster.auth.callerFromCertificate(certificate, CLIENT), DENIED);
});

Deno.test("locked, removed and reset users' certificates stand for nobody", async () => {
  await using cluster = await AuthCluster.open();
  const { auth } = cluster;
  const alice = await cluster.addUser("alice");
  const certificate = await certificateOf(cluster, alice);
  const caller = () => auth.callerFromCertificate(certificate, CLIENT);
  await auth.users.setLocked(ADMIN, "alice", true);
  await assert.rejects(caller(), DENIED);
  await auth.users.setLocked(ADMIN, "alice", false);
  await caller();
  cluster.clock.advance(2_000);
  await alice.register({ reset: true });
  await assert.rejects(caller(), DENIED);
  await auth.users.delete(ADMIN, "alice");
  await assert.rejects(caller(), DENIED);
  cluster.clock.advance(2_000);
  await cluster.addUser("alice");
  await assert.rejects(caller(), DENIED);
});

Deno.test("a reset in the second in which a certificate was made ends it, and not the next one", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  cluster.clock.advance(60_100);
  for (let round = 0; round < 3; round++) {
    const certificate = await certificateOf(cluster, alice);
    await cluster.auth.callerFromCertificate(certificate, CLIENT);
    cluster.clock.advance(100);
    await alice.register({ reset: true });
    await assert.rejects(cluster.auth.callerFromCertificate(certificate, CLIENT), {
      message: "client certificate was made before the user was reset",
    });
  }
  await cluster.auth.callerFromCertificate(await certificateOf(cluster, alice), CLIENT);
});

Deno.test("the administrator's identity stands for the administrator and nobody else can make one", async () => {
  await using cluster = await AuthCluster.open();
  const { auth } = cluster;
  const { certPem, keyPem, hostCasPem } = await readAdminIdentity(cluster.dataDir);
  assert.deepEqual(await auth.callerFromCertificate(der(certPem), CLIENT), {
    kind: "admin",
    client: CLIENT,
  });
  assert.ok(new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem)));
  assert.deepEqual(hostCasPem, (await auth.hostSigners())[0]!.tlsCerts);

  // The listener's own certificate, though of the same authority, is not an administrator's.
  await assert.rejects(
    auth.callerFromCertificate(der((await auth.serverTls()).certPem), CLIENT),
    DENIED,
  );

  const deps = fakeDeps();
  const ca = await createCa({ clusterName: "demo", kind: "host", nowMs: deps.clock.now() }, deps);
  const forged = await issueCertificate({
    ca,
    publicKeyPem: generateKeyPair().publicKeyPem,
    identity: {
      user: "x",
      roles: ["Admin"],
      logins: [],
      routeToCluster: "demo",
      traits: {},
      teleportCluster: "demo",
    },
    notBeforeMs: deps.clock.now() - 1000,
    notAfterMs: deps.clock.now() + 100_000,
  }, deps);
  await assert.rejects(auth.callerFromCertificate(der(forged), CLIENT), DENIED);
});

Deno.test("a user with a role called Admin is no administrator", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const item = await cluster.backend.get("/users/alice");
  const user = JSON.parse(new TextDecoder().decode(item.value));
  const value = new TextEncoder().encode(JSON.stringify({ ...user, roles: ["Admin"] }));
  await cluster.backend.put({ key: item.key, value });
  const caller = await cluster.auth.callerFromCertificate(
    await certificateOf(cluster, alice),
    CLIENT,
  );
  assert.equal(caller.kind, "user");
});

Deno.test("what is not a certificate stands for nobody", async () => {
  await using cluster = await AuthCluster.open();
  for (const bytes of [new Uint8Array(), new Uint8Array(100), new Uint8Array(1e6)]) {
    await assert.rejects(cluster.auth.callerFromCertificate(bytes, CLIENT), DENIED);
  }
});

Deno.test("authorities are made once, also by two that start together, and survive a restart", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  const before = await cluster.auth.hostSigners();
  const siblings = await Promise.all([cluster.sibling(), cluster.sibling()]);
  for (const sibling of siblings) {
    assert.deepEqual(await sibling.hostSigners(), before);
    await sibling[Symbol.asyncDispose]();
  }
  const { hostId } = cluster.auth;
  await cluster.restart({ crash: true });
  assert.deepEqual(await cluster.auth.hostSigners(), before);
  assert.equal(cluster.auth.hostId, hostId);
});

Deno.test("data of another cluster are refused, not signed over", async () => {
  await using cluster = await AuthCluster.open();
  const deps = { clock: cluster.clock, random: cluster.random };
  const { backend } = cluster;
  await assert.rejects(Authorities.open(backend, "other", deps), {
    code: "bad_parameter",
    message: 'these are the data of cluster "demo", not of "other"',
  });
});

Deno.test("the server's certificate has the cluster's name and trusts both authorities", async () => {
  await using cluster = await AuthCluster.open();
  const { certPem, keyPem, clientCasPem } = await cluster.auth.serverTls();
  const certificate = new X509Certificate(certPem);
  assert.equal(certificate.checkHost(clusterServerName("demo")), clusterServerName("demo"));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(keyPem)));
  assert.equal(clientCasPem.length, 2);
});

Deno.test({
  name: "the data directory's files are the owner's alone",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using cluster = await AuthCluster.open({ store: "sqlite" });
    const modes = async (path: string): Promise<Record<string, string>> => {
      const found: Record<string, string> = {};
      for await (const entry of Deno.readDir(path)) {
        const { mode } = await Deno.stat(`${path}/${entry.name}`);
        found[entry.name] = (mode! & 0o777).toString(8);
        if (entry.isDirectory) Object.assign(found, await modes(`${path}/${entry.name}`));
      }
      return found;
    };
    for (const [name, mode] of Object.entries(await modes(cluster.dataDir))) {
      assert.ok(mode === "600" || mode === "700", `${name} ${mode}`);
    }
  },
});

Deno.test("readAdminIdentity() says what is wrong", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await assert.rejects(readAdminIdentity(dir), { code: "not_found" });
    await Deno.mkdir(`${dir}/admin`);
    await Deno.writeTextFile(`${dir}/admin/identity.pem`, "nonsense");
    await assert.rejects(readAdminIdentity(dir), { code: "bad_parameter" });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
