import assert from "node:assert/strict";
import { once } from "node:events";
import { readAdminIdentity } from "../../auth/admin/mod.ts";
import { realDeps } from "../../deps/mod.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { createCa, issueCertificate } from "../../keys/x509/mod.ts";
import { ALPN_PROXY_GRPC, authAlpn, clusterServerName } from "../../wire/mod.ts";
import { AuthService } from "../../wire/gen/auth_service_pb.ts";
import { TransportService } from "../../wire/gen/transport_pb.ts";
import type { GrpcClient } from "../../wire/grpc/mod.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import { rawConnect } from "../../../tests/support/raw_http.ts";
import { type Identity, identityOf, rpcClient } from "../../../tests/support/rpc_client.ts";

const AUTH = authAlpn("demo");

/** Asks the auth service for its name over a client's connection. */
async function ping(rpc: GrpcClient): Promise<string> {
  try {
    return (await rpc.unary(AuthService.method.ping, {})).clusterName;
  } finally {
    await rpc.close();
  }
}

Deno.test("the auth service answers to clients of the cluster, by ALPN and by name", async (t) => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const identity = await identityOf(cluster, alice);
  for (const alpn of [[AUTH, "h2"], ["h2", AUTH], [AUTH], ["h2"], undefined]) {
    await t.step(String(alpn), async () => {
      assert.equal(await ping(rpcClient(cluster, identity, alpn)), "demo");
    });
  }
  await t.step("an administrator", async () => {
    const admin = await readAdminIdentity(cluster.dataDir);
    const rpc = rpcClient(cluster, {
      cert: admin.certPem,
      key: admin.keyPem,
      ca: identity.ca,
    }, [AUTH, "h2"]);
    await using _ = rpc;
    const names: string[] = [];
    for await (const user of rpc.serverStream(AuthService.method.getUsers, {})) {
      names.push(user.metadata!.name);
    }
    assert.deepEqual(names, ["alice"]);
  });
});

Deno.test("nobody without a valid certificate of the cluster reaches an RPC", async (t) => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const identity = await identityOf(cluster, alice);
  const deps = realDeps();
  const now = Date.now();
  const other = await createCa({ kind: "user", clusterName: "demo", nowMs: now }, deps);
  const keys = generateKeyPair();
  const forged = await issueCertificate({
    ca: other,
    publicKeyPem: keys.publicKeyPem,
    identity: {
      user: "alice",
      roles: ["access"],
      logins: ["alice"],
      routeToCluster: "demo",
      traits: {},
      teleportCluster: "demo",
    },
    notBeforeMs: now - 60_000,
    notAfterMs: now + 60_000,
  }, deps);
  const cases: Record<string, Identity> = {
    "no certificate": { ca: identity.ca },
    "a certificate of another CA of the same name": {
      ca: identity.ca,
      cert: forged,
      key: keys.privateKeyPem,
    },
  };
  for (const alpn of [[AUTH, "h2"], [ALPN_PROXY_GRPC, "h2"]]) {
    for (const [what, wrong] of Object.entries(cases)) {
      await t.step(`${what} at ${alpn[0]}`, async () => {
        await assert.rejects(ping(rpcClient(cluster, wrong, alpn)), { code: "connection" });
      });
    }
  }
  await t.step("control", async () => {
    assert.equal(await ping(rpcClient(cluster, identity, [AUTH, "h2"])), "demo");
  });
});

Deno.test("an expired certificate is refused", async () => {
  // The cluster's clock is a day late, so what it issues for a minute has ended.
  const real = realDeps();
  const clock = { now: () => Date.now() - 86_400_000, monotonic: () => performance.now() };
  await using cluster = await InProcessCluster.start({ deps: { ...real, clock } });
  using alice = await cluster.person();
  const identity = await identityOf(cluster, alice);
  await assert.rejects(ping(rpcClient(cluster, identity, [AUTH, "h2"])), { code: "connection" });
});

Deno.test("a locked user's connection is good for nothing more", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  await using rpc = rpcClient(cluster, await identityOf(cluster, alice), [AUTH, "h2"]);
  const ask = () => rpc.unary(AuthService.method.ping, {});
  assert.equal((await ask()).clusterName, "demo");
  const admin = { kind: "admin", client: { address: "127.0.0.1" } } as const;
  await cluster.auth.users.setLocked(admin, "alice", true);
  await assert.rejects(ask(), { code: "access_denied" });
});

Deno.test("a removed user is not let in, whatever they call, and hears why", async (t) => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const identity = await identityOf(cluster, alice);
  const admin = { kind: "admin", client: { address: "127.0.0.1" } } as const;
  await cluster.auth.users.delete(admin, "alice");
  const denied = { code: "access_denied", message: /locked or removed/ };
  await t.step("at the auth service", async () => {
    await using rpc = rpcClient(cluster, identity, [AUTH, "h2"]);
    await assert.rejects(rpc.unary(AuthService.method.ping, {}), denied);
    // There is no such method there; whoever is let in hears that.
    await assert.rejects(rpc.unary(TransportService.method.getClusterDetails, {}), denied);
  });
  await t.step("at the proxy", async () => {
    await using rpc = rpcClient(cluster, identity, [ALPN_PROXY_GRPC, "h2"]);
    await assert.rejects(rpc.unary(TransportService.method.getClusterDetails, {}), denied);
    await assert.rejects(rpc.unary(AuthService.method.ping, {}), denied);
  });
});

Deno.test("a client that says nothing after its certificate is cut off", async () => {
  await using cluster = await InProcessCluster.start({ proxyLimits: { handshakeMs: 300 } });
  using alice = await cluster.person();
  const { cert, key, ca } = await identityOf(cluster, alice);
  for (const alpn of [AUTH, ALPN_PROXY_GRPC]) {
    const servername = clusterServerName("demo");
    const options = { cert, key, ca, ALPNProtocols: [alpn], servername };
    const socket = rawConnect(cluster, options).resume();
    await once(socket, "secureConnect");
    await once(socket, "close");
  }
});
