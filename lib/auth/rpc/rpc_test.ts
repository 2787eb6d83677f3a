import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { type Duplex, duplexPair } from "node:stream";
import {
  ADMIN,
  AuthCluster,
  CLIENT,
  ORIGIN,
  PASSWORD,
  settle,
  startLogin,
  type TestUser,
} from "../../../tests/support/auth_cluster.ts";
import { fakeDeps } from "../../../tests/support/fake_deps.ts";
import { edit } from "../../../tests/support/headless_help.ts";
import { InterleavedBackend } from "../../../tests/support/interleaved_backend.ts";
import { openMemoryBackend } from "../../backend/mod.ts";
import { generateKeyPair, parseSshCertificate } from "../../keys/mod.ts";
import { AuthService } from "../../wire/gen/auth_service_pb.ts";
import { ChallengeScope } from "../../wire/gen/mfa_pb.ts";
import { TrustService } from "../../wire/gen/trust_pb.ts";
import { HeadlessAuthenticationState } from "../../wire/gen/types_pb.ts";
import { GrpcClient, GrpcServer, type Init } from "../../wire/grpc/mod.ts";
import { assertionFromProto, assertionResponseToProto } from "../../wire/webauthn_proto.ts";
import { readAdminIdentity } from "../admin/mod.ts";
import { authServiceHandlers, type RpcPeer, trustServiceHandlers } from "./mod.ts";

const call = AuthService.method;
const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

/** A cluster, and clients that speak gRPC to it through a pipe. */
class Rpc implements AsyncDisposable {
  readonly cluster: AuthCluster;
  readonly #server: GrpcServer<RpcPeer>;
  readonly #clients: GrpcClient[] = [];
  readonly #sockets: Duplex[] = [];

  constructor(cluster: AuthCluster) {
    this.cluster = cluster;
    this.#server = new GrpcServer<RpcPeer>()
      .register(
        AuthService,
        authServiceHandlers({
          auth: cluster.auth,
          serverVersion: "1.2.3",
          proxyPublicAddr: () => "localhost:3080",
          deps: { clock: cluster.clock, random: cluster.random },
        }),
      )
      .register(TrustService, trustServiceHandlers(cluster.auth));
  }

  connect(certificate: Uint8Array): GrpcClient {
    const [near, far] = duplexPair();
    this.#sockets.push(near, far);
    this.#server.serve(far, { certificate, client: CLIENT });
    const client = new GrpcClient({ connect: () => near, authority: "auth" });
    this.#clients.push(client);
    return client;
  }

  async admin(): Promise<GrpcClient> {
    return this.connect(der((await readAdminIdentity(this.cluster.dataDir)).certPem));
  }

  async as(user: TestUser): Promise<GrpcClient> {
    const { auth } = this.cluster;
    const { publicKey } = await auth.signIn.begin({ user: user.name, password: PASSWORD }, CLIENT);
    const { tlsCertificate } = await auth.signIn.finishWithCertificates({
      user: user.name,
      response: await user.key.get(publicKey, ORIGIN),
      sshPublicKey: generateKeyPair().sshPublicKey,
    }, CLIENT);
    return this.connect(der(tlsCertificate));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    this.#server[Symbol.dispose]();
    for (const socket of this.#sockets) socket.destroy();
    await settle();
    await this.cluster[Symbol.asyncDispose]();
  }

  static async open(): Promise<Rpc> {
    return new Rpc(await AuthCluster.open());
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

Deno.test("an administrator manages users, invitations and nodes", async () => {
  await using rpc = await Rpc.open();
  const admin = await rpc.admin();
  const ping = await admin.unary(call.ping, {});
  assert.equal(ping.clusterName, "demo");
  assert.equal(ping.serverVersion, "1.2.3");
  assert.equal(ping.proxyPublicAddr, "localhost:3080");

  const alice = {
    metadata: { name: "alice" },
    spec: { roles: ["access"], traits: { values: { logins: { values: ["root", "alice"] } } } },
  };
  await admin.unary(call.createUser, alice);
  await assert.rejects(admin.unary(call.createUser, alice), {
    code: "already_exists",
    message: 'user "alice" already registered',
  });
  const [listed] = await collect(admin.serverStream(call.getUsers, {}));
  assert.equal(listed?.metadata?.name, "alice");
  assert.deepEqual(listed?.spec?.traits?.values["logins"]?.values, ["root", "alice"]);

  const token = await admin.unary(call.createResetPasswordToken, {
    name: "alice",
    type: "invite",
    ttl: 60_000_000_000n,
  });
  assert.equal(token.spec?.url, `https://localhost:3080/web/invite/${token.metadata?.name}`);
  assert.equal(Number(token.metadata?.expires?.seconds) * 1000, rpc.cluster.clock.now() + 60_000);
  const reset = await admin.unary(call.createResetPasswordToken, {
    name: "alice",
    type: "password",
  });
  assert.equal(reset.subKind, "password");
  await assert.rejects(
    admin.unary(call.createResetPasswordToken, { name: "alice", type: "other" }),
    { code: "bad_parameter" },
  );

  const spec = { addr: "192.0.2.7:22", hostname: "server01" };
  const { name } = await admin.unary(call.upsertNode, { metadata: { labels: { a: "b" } }, spec });
  assert.match(name, /^[0-9a-f-]{36}$/);
  const node = await admin.unary(call.getNode, { name });
  assert.equal(node.spec?.hostname, "server01");
  await admin.unary(call.deleteNode, { name });
  await assert.rejects(admin.unary(call.getNode, { name }), { code: "not_found" });
  await assert.rejects(admin.unary(call.getNode, { name: '" || name != "' }), {
    code: "not_found",
  });

  await admin.unary(call.deleteUser, { name: "alice" });
  await assert.rejects(admin.unary(call.getUser, { name: "alice" }), {
    code: "not_found",
    message: 'user "alice" is not found',
  });
  await assert.rejects(admin.unary(call.getCurrentUser, {}), { code: "access_denied" });
});

Deno.test("a user of role access is refused all that is an administrator's", async () => {
  await using rpc = await Rpc.open();
  const alice = await rpc.cluster.addUser("alice", { roles: ["access", "editor"] });
  const client = await rpc.as(alice);
  const denied = { code: "access_denied" };
  await assert.rejects(collect(client.serverStream(call.getUsers, {})), denied);
  await assert.rejects(client.unary(call.getUser, { name: "alice" }), denied);
  await assert.rejects(client.unary(call.createUser, { metadata: { name: "x" } }), denied);
  await assert.rejects(client.unary(call.deleteUser, { name: "alice" }), denied);
  await assert.rejects(client.unary(call.createResetPasswordToken, { name: "alice" }), denied);
  await assert.rejects(client.unary(call.upsertNode, { metadata: { name: "x" } }), denied);
  await assert.rejects(client.unary(call.deleteNode, { name: "x" }), denied);

  const me = await client.unary(call.getCurrentUser, {});
  assert.equal(me.metadata?.name, "alice");
  const roles = await collect(client.serverStream(call.getCurrentUserRoles, {}));
  assert.deepEqual(roles.map(({ metadata }) => metadata?.name), ["access", "editor"]);
  assert.equal(roles[0]?.spec?.options?.maxSessionTtl, 30n * 3600n * 1_000_000_000n);
  const { devices } = await client.unary(call.getMFADevices, {});
  assert.equal(devices[0]?.metadata?.name, "desk key");
  const preference = await client.unary(call.getAuthPreference, {});
  assert.equal(preference.spec?.webauthn?.rpId, "localhost");
  assert.equal(preference.spec?.allowHeadless?.value, true);
});

Deno.test("who calls is asked at every call, not only at the first", async () => {
  await using rpc = await Rpc.open();
  const alice = await rpc.cluster.addUser("alice");
  const client = await rpc.as(alice);
  await client.unary(call.ping, {});
  const admin = await rpc.admin();
  await rpc.cluster.auth.users.setLocked({ kind: "admin", client: CLIENT }, "alice", true);
  await assert.rejects(client.unary(call.ping, {}), { code: "access_denied" });
  await assert.rejects(collect(client.serverStream(call.getCurrentUserRoles, {})), {
    code: "access_denied",
  });
  await admin.unary(call.ping, {});
  const stranger = rpc.connect(new Uint8Array(100));
  await assert.rejects(stranger.unary(call.ping, {}), { code: "access_denied" });
});

Deno.test("nodes are listed in pages, with their number", async () => {
  await using rpc = await Rpc.open();
  const admin = await rpc.admin();
  const alice = await rpc.cluster.addUser("alice");
  for (let i = 0; i < 25; i++) {
    const hostname = `n${String(i).padStart(2, "0")}`;
    const labels = { even: String(i % 2 === 0) };
    await admin.unary(call.upsertNode, {
      metadata: { name: `id-${i}`, labels },
      spec: { addr: "192.0.2.7:22", hostname },
    });
  }
  const client = await rpc.as(alice);
  const names: (string | undefined)[] = [];
  let startKey = "";
  do {
    const page = await client.unary(call.listResources, {
      resourceType: "node",
      namespace: "default",
      limit: 10,
      startKey,
      needTotalCount: true,
    });
    assert.equal(page.totalCount, 25);
    for (const { resource } of page.resources) {
      names.push(resource.case === "node" ? resource.value.spec?.hostname : undefined);
    }
    startKey = page.nextKey;
  } while (startKey !== "");
  assert.deepEqual(names, Array.from({ length: 25 }, (_, i) => `n${String(i).padStart(2, "0")}`));
  const some = await client.unary(call.listResources, {
    resourceType: "node",
    limit: 100,
    labels: { even: "true" },
    searchKeywords: ["N1"],
    predicateExpression: 'name != "n10"',
  });
  assert.equal(some.totalCount, 4);
  const unified = await client.unary(call.listUnifiedResources, { kinds: ["node"] });
  assert.equal(unified.resources.length, 25);
  const { server } = await client.unary(call.resolveSSHTarget, { host: "n07", port: "0" });
  assert.equal(server?.metadata?.name, "id-7");
  for (const wrong of [{ limit: 0 }, { limit: -1 }, { limit: 1, predicateExpression: "x" }]) {
    await assert.rejects(client.unary(call.listResources, { resourceType: "node", ...wrong }), {
      code: "bad_parameter",
    });
  }
  await assert.rejects(client.unary(call.listResources, { resourceType: "db", limit: 1 }), {
    code: "not_implemented",
  });
});

Deno.test("a headless request is read, approved and denied by RPC", async () => {
  await using rpc = await Rpc.open();
  const alice = await rpc.cluster.addUser("alice");
  const client = await rpc.as(alice);
  const login = startLogin(rpc.cluster.auth, "alice");
  const request = await client.unary(call.getHeadlessAuthentication, { id: login.id });
  assert.equal(request.state, HeadlessAuthenticationState.PENDING);
  assert.equal(request.user, "alice");
  assert.equal(request.clientIpAddress, CLIENT.address);
  assert.equal(request.header?.metadata?.name, login.id);
  assert.equal(new TextDecoder().decode(request.publicKey), login.request.sshPublicKey + "\n");

  const update = (fields: Init<typeof call.updateHeadlessAuthenticationState.input>) =>
    client.unary(call.updateHeadlessAuthenticationState, fields);
  const state = HeadlessAuthenticationState.APPROVED;
  await assert.rejects(update({ id: login.id, state }), {
    code: "bad_parameter",
    message: "expected WebAuthn challenge response",
  });
  await assert.rejects(update({ id: login.id }), { code: "bad_parameter" });

  // As clients of 2023 ask, without extensions, and as newer ones do.
  for (const challengeExtensions of [undefined, { scope: ChallengeScope.HEADLESS_LOGIN }]) {
    const login = startLogin(rpc.cluster.auth, "alice");
    const { webauthnChallenge } = await client.unary(call.createAuthenticateChallenge, {
      request: { case: "contextUser", value: {} },
      ...(challengeExtensions && { challengeExtensions }),
    });
    const { publicKey } = assertionFromProto(webauthnChallenge!);
    const answer = assertionResponseToProto(await alice.key.get(publicKey, ORIGIN));
    await update({
      id: login.id,
      state,
      mfaResponse: { response: { case: "webauthn", value: answer } },
    });
    assert.equal((await login.result).user, "alice");
    const done = await client.unary(call.getHeadlessAuthentication, { id: login.id });
    assert.equal(done.state, state);
    assert.equal(done.mfaDevice?.metadata?.name, "desk key");
  }

  await update({ id: login.id, state: HeadlessAuthenticationState.DENIED });
  await assert.rejects(login.result, { code: "access_denied" });
  await assert.rejects(update({ id: login.id, state: HeadlessAuthenticationState.DENIED }), {
    code: "compare_failed",
    message: "cannot reject a headless authentication from a non-pending state: denied",
  });
});

Deno.test("what ended unanswered is not found, and says why", async () => {
  await using rpc = await Rpc.open();
  const alice = await rpc.cluster.addUser("alice");
  const client = await rpc.as(alice);
  const login = startLogin(rpc.cluster.auth, "alice");
  await client.unary(call.getHeadlessAuthentication, { id: login.id });
  login.abort();
  await assert.rejects(login.result, { code: "cancelled" });
  await assert.rejects(client.unary(call.getHeadlessAuthentication, { id: login.id }), {
    code: "not_found",
    message: "headless authentication was withdrawn by its command",
  });
});

Deno.test("a caller who goes away is not waited for", async () => {
  await using rpc = await Rpc.open();
  const alice = await rpc.cluster.addUser("alice");
  const client = await rpc.as(alice);
  const controller = new AbortController();
  const { id } = startLogin(rpc.cluster.auth, "somebody else");
  const looking = client.unary(call.getHeadlessAuthentication, { id }, {
    signal: controller.signal,
  });
  await settle();
  controller.abort();
  await assert.rejects(looking, { code: "cancelled" });
  await settle();
});

Deno.test("authorities are given by kind, without private keys", async () => {
  await using rpc = await Rpc.open();
  const alice = await rpc.cluster.addUser("alice");
  const client = await rpc.as(alice);
  for (const type of ["host", "user"] as const) {
    const { certAuthorities } = await client.unary(TrustService.method.getCertAuthorities, {
      type,
      includeKey: true,
    });
    const keys = certAuthorities[0]?.spec?.activeKeys;
    const { tlsCerts } = await rpc.cluster.auth.certificateAuthority(type);
    assert.equal(new TextDecoder().decode(keys?.tls[0]?.cert), tlsCerts[0]);
    assert.equal(keys?.tls[0]?.key.length, 0);
    assert.equal(keys?.ssh[0]?.privateKey.length, 0);
  }
  await assert.rejects(client.unary(TrustService.method.getCertAuthorities, { type: "jwt" }), {
    code: "not_found",
  });
});

Deno.test("what changes between an approval by RPC and the certificate is honoured", async (t) => {
  const put = (cluster: AuthCluster, key: string, record: unknown) =>
    cluster.backend.put({ key, value: new TextEncoder().encode(JSON.stringify(record)) });
  const changes: Record<string, [(cluster: AuthCluster) => Promise<unknown>, outcome: string]> = {
    "nothing": [() => Promise.resolve(), "access"],
    "the user is locked": [({ auth }) => auth.users.setLocked(ADMIN, "alice", true), "denied"],
    "the user is removed": [({ auth }) => auth.users.delete(ADMIN, "alice"), "denied"],
    "the user is reset": [
      ({ auth }) => auth.users.invite(ADMIN, "alice", { reset: true }),
      "denied",
    ],
    "roles change": [(cluster) => edit(cluster, "/users/alice", { roles: ["auditor"] }), "auditor"],
    "headless is switched off": [
      (cluster) => put(cluster, "/settings/auth_preference", { type: "local", headless: false }),
      "denied",
    ],
  };
  for (const [what, [change, outcome]] of Object.entries(changes)) {
    await t.step(what, async () => {
      const backend = new InterleavedBackend(openMemoryBackend(fakeDeps()));
      await using rpc = new Rpc(await AuthCluster.open({ backend }));
      const alice = await rpc.cluster.addUser("alice");
      const client = await rpc.as(alice);
      const login = startLogin(rpc.cluster.auth, "alice");
      await client.unary(call.getHeadlessAuthentication, { id: login.id });
      const { webauthnChallenge } = await client.unary(call.createAuthenticateChallenge, {
        request: { case: "contextUser", value: {} },
        challengeExtensions: { scope: ChallengeScope.HEADLESS_LOGIN },
      });
      const { publicKey } = assertionFromProto(webauthnChallenge!);
      const value = assertionResponseToProto(await alice.key.get(publicKey, ORIGIN));
      // The approval is a compare-and-swap; the next atomic write is the claim of the one who waits.
      let stateThen = "";
      backend.beforeNextAtomicWrite(async () => {
        const record = await backend.get(`/headless/alice/${login.id}`);
        stateThen = JSON.parse(new TextDecoder().decode(record.value)).state;
        await change(rpc.cluster);
      });
      await client.unary(call.updateHeadlessAuthenticationState, {
        id: login.id,
        state: HeadlessAuthenticationState.APPROVED,
        mfaResponse: { response: { case: "webauthn", value } },
      });
      const result = await login.result.then(
        ({ sshCertificate }) =>
          JSON.parse(parseSshCertificate(sshCertificate).extensions["teleport-roles"]!).roles[0],
        ({ code }) => code === "access_denied" ? "denied" : code,
      );
      assert.equal(stateThen, "approved");
      assert.equal(result, outcome);
    });
  }
});
