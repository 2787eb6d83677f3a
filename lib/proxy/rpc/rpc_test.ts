import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import tls from "node:tls";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { readAdminIdentity } from "../../auth/admin/mod.ts";
import { realDeps } from "../../deps/mod.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { createCa, issueCertificate } from "../../keys/x509/mod.ts";
import { ALPN_PROXY_GRPC, authAlpn, clusterServerName } from "../../wire/mod.ts";
import { AuthService } from "../../wire/gen/auth_service_pb.ts";
import { type ProxySSHRequestSchema, TransportService } from "../../wire/gen/transport_pb.ts";
import { GrpcClient } from "../../wire/grpc/mod.ts";
import { loginCertificatesSchema, loginFinishBody } from "../../wire/web_api.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import type { Person } from "../../../tests/support/person.ts";
import { rawConnect, rawRequest } from "../../../tests/support/raw_http.ts";

/** A client's certificate and key, and whom it trusts. */
interface Identity {
  cert?: string;
  key?: string;
  ca: string[];
}

const AUTH = authAlpn("demo");
const NAME = clusterServerName("demo");

/** Signs `person` in for a tool. */
async function identityOf(cluster: InProcessCluster, person: Person): Promise<Identity> {
  const pass = "correct horse battery";
  const begun = await person.call("POST", "/webapi/mfa/login/begin", { user: "alice", pass });
  const keys = generateKeyPair();
  const body = loginFinishBody({
    user: "alice",
    response: await person.key.get(begun.body.webauthn_challenge.publicKey, cluster.url),
    sshPublicKey: keys.sshPublicKey,
    tlsPublicKeyPem: keys.publicKeyPem,
  }, "both");
  const { text } = await rawRequest(cluster, "POST", "/webapi/mfa/login/finish", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const { tlsCertificate, hostSigners } = loginCertificatesSchema.parse(JSON.parse(text));
  return { cert: tlsCertificate, key: keys.privateKeyPem, ca: hostSigners[0]!.tlsCerts };
}

/** An RPC client over TLS with these ALPN protocols. */
function client(
  cluster: InProcessCluster,
  { cert, key, ca }: Identity,
  ALPNProtocols: string[] | undefined,
): GrpcClient {
  return new GrpcClient({
    authority: NAME,
    connect: async () => {
      const socket = rawConnect(cluster, { cert, key, ca, ALPNProtocols, servername: NAME });
      await once(socket, "secureConnect");
      return socket;
    },
  });
}

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
      assert.equal(await ping(client(cluster, identity, alpn)), "demo");
    });
  }
  await t.step("an administrator", async () => {
    const admin = await readAdminIdentity(cluster.dataDir);
    const rpc = client(cluster, {
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
        await assert.rejects(ping(client(cluster, wrong, alpn)), { code: "connection" });
      });
    }
  }
  await t.step("control", async () => {
    assert.equal(await ping(client(cluster, identity, [AUTH, "h2"])), "demo");
  });
});

Deno.test("an expired certificate is refused", async () => {
  // The cluster's clock is a day late, so what it issues for a minute has ended.
  const real = realDeps();
  const clock = { now: () => Date.now() - 86_400_000, monotonic: () => performance.now() };
  await using cluster = await InProcessCluster.start({ deps: { ...real, clock } });
  using alice = await cluster.person();
  const identity = await identityOf(cluster, alice);
  await assert.rejects(ping(client(cluster, identity, [AUTH, "h2"])), { code: "connection" });
});

Deno.test("a locked user's connection is good for nothing more", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  await using rpc = client(cluster, await identityOf(cluster, alice), [AUTH, "h2"]);
  const ask = () => rpc.unary(AuthService.method.ping, {});
  assert.equal((await ask()).clusterName, "demo");
  const admin = { kind: "admin", client: { address: "127.0.0.1" } } as const;
  await cluster.auth.users.setLocked(admin, "alice", true);
  await assert.rejects(ask(), { code: "access_denied" });
});

/** A node: answers each connection with a greeting, then says everything back. */
class EchoNode implements AsyncDisposable {
  readonly #server = net.createServer({ allowHalfOpen: true }, (socket) => {
    this.connections.push(socket);
    socket.on("error", () => {});
    socket.write("SSH-2.0-echo\r\n");
    socket.pipe(socket);
  });
  readonly connections: net.Socket[] = [];

  static async start(): Promise<EchoNode> {
    const node = new EchoNode();
    node.#server.listen(0, "127.0.0.1");
    await once(node.#server, "listening");
    return node;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

type SshRequest = MessageInitShape<typeof ProxySSHRequestSchema>;

function sshRequest(hostPort: string, cluster = "demo"): SshRequest {
  return { dialTarget: { hostPort, cluster } };
}

Deno.test("ProxySSH gives details first, then carries bytes both ways until both are done", async () => {
  await using node = await EchoNode.start();
  await using cluster = await InProcessCluster.start();
  await cluster.addNode("server01", node.address);
  using alice = await cluster.person();
  await using rpc = client(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
  const details = await rpc.unary(TransportService.method.getClusterDetails, {});
  assert.deepEqual(details.details?.fipsEnabled, false);

  const call = await rpc.bidi(TransportService.method.proxySSH);
  await call.send(sshRequest("server01:0"));
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  let times = 0;
  const sending = (async () => {
    for (; times < 50; times++) {
      await call.send({ frame: { case: "ssh", value: { payload: sent } } });
    }
    call.closeSend();
  })();
  const received: Uint8Array[] = [];
  let first = true;
  for await (const { details, frame } of call) {
    if (first) assert.deepEqual([details?.fipsEnabled, frame.case], [false, undefined]);
    else assert.equal(frame.case, "ssh");
    if (frame.case === "ssh") received.push(frame.value.payload);
    first = false;
  }
  await sending;
  const all = new Uint8Array(await new Blob(received as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const greeting = "SSH-2.0-echo\r\n";
  assert.equal(new TextDecoder().decode(all.subarray(0, greeting.length)), greeting);
  assert.equal(all.length, greeting.length + 50 * sent.length);
  for (let i = 0; i < 50; i++) {
    const at = greeting.length + i * sent.length;
    assert.deepEqual(all.subarray(at, at + sent.length), sent);
  }
});

Deno.test("ProxySSH holds back a sender whose node does not read, and a node whose client does not", async () => {
  const stalled = net.createServer({ pauseOnConnect: true });
  stalled.listen(0, "127.0.0.1");
  await once(stalled, "listening");
  const sockets: net.Socket[] = [];
  stalled.on("connection", (socket) => sockets.push(socket));
  await using cluster = await InProcessCluster.start();
  await cluster.addNode("stalled", `127.0.0.1:${(stalled.address() as net.AddressInfo).port}`);
  using alice = await cluster.person();
  await using rpc = client(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
  const call = await rpc.bidi(TransportService.method.proxySSH);
  await call.send(sshRequest("stalled:0"));
  const payload = new Uint8Array(1 << 20);
  let sent = 0;
  const sending = (async () => {
    for (;;) {
      await call.send({ frame: { case: "ssh", value: { payload } } });
      sent++;
    }
  })();
  sending.catch(() => {});
  let before = -1;
  for (; before !== sent || sent === 0; await new Promise((resolve) => setTimeout(resolve, 300))) {
    before = sent;
  }
  assert.ok(sent < 64, `${sent} MiB were taken that nobody reads`);

  // The other way: the node writes and nobody reads the call.
  let written = 0;
  while (sockets[0]!.write(payload) && written < 64) written++;
  let drained = true;
  for (let turn = 0; turn < 128 && drained; turn++) {
    drained = await Promise.race([
      once(sockets[0]!, "drain").then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500)),
    ]);
    if (drained) sockets[0]!.write(payload);
    written++;
  }
  assert.ok(!drained, `${written} MiB were taken that nobody reads`);
  call.cancel();
  await assert.rejects(sending);
  for (const socket of sockets) socket.destroy();
  stalled.close();
  await once(stalled, "close");
});

Deno.test("ProxySSH ends the node's connection when the caller goes away", async () => {
  await using node = await EchoNode.start();
  await using cluster = await InProcessCluster.start();
  await cluster.addNode("server01", node.address);
  using alice = await cluster.person();
  await using rpc = client(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
  const call = await rpc.bidi(TransportService.method.proxySSH);
  await call.send(sshRequest("server01:0"));
  for await (const { frame } of call) if (frame.case === "ssh") break;
  const closed = once(node.connections[0]!, "close");
  call.cancel();
  await closed;
});

Deno.test("ProxySSH says what is not there", async (t) => {
  // A port that nobody listens on.
  const free = net.createServer();
  free.listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as net.AddressInfo;
  free.close();
  await once(free, "close");
  await using cluster = await InProcessCluster.start();
  await cluster.addNode("down", `127.0.0.1:${port}`);
  using alice = await cluster.person();
  await using rpc = client(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
  const attempt = async (request: SshRequest) => {
    const call = await rpc.bidi(TransportService.method.proxySSH);
    await call.send(request);
    for await (const _ of call) assert.fail("it answers");
  };
  await t.step("an unknown host: code 14", async () => {
    await assert.rejects(attempt(sshRequest("nowhere:0")), { code: "connection" });
  });
  await t.step("an unknown cluster: code 5", async () => {
    await assert.rejects(attempt(sshRequest("down:0", "other")), { code: "not_found" });
  });
  await t.step("a node that is down", async () => {
    const words = /cannot reach down: connection refused/;
    await assert.rejects(attempt(sshRequest("down:0")), { code: "connection", message: words });
  });
  await t.step("no target", async () => {
    await assert.rejects(attempt({}), { code: "bad_parameter" });
  });
});

Deno.test("ProxyCluster carries TLS with the auth service, which sees the caller's address", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const identity = await identityOf(cluster, alice);
  await using outer = client(cluster, identity, [ALPN_PROXY_GRPC, "h2"]);
  const connect = async (): Promise<Duplex> => {
    const call = await outer.bidi(TransportService.method.proxyCluster);
    await call.send({ cluster: "demo" });
    const [near, far] = duplexPair();
    const end = () => [near, far].forEach((side) => side.destroy());
    (async () => {
      for await (const { frame } of call) if (frame) far.write(frame.payload);
    })().finally(end).catch(() => {});
    (async () => {
      for await (const payload of far) await call.send({ frame: { payload } });
      call.closeSend();
    })().catch(end);
    const { cert, key, ca } = identity;
    const socket = tls.connect({ socket: near as net.Socket, cert, key, ca, servername: NAME });
    await once(socket, "secureConnect");
    return socket;
  };
  await using inner = new GrpcClient({ authority: NAME, connect });
  const answer = await inner.unary(AuthService.method.ping, {});
  assert.equal(answer.clusterName, "demo");
  assert.equal(answer.remoteAddr, "127.0.0.1");

  const other = await outer.bidi(TransportService.method.proxyCluster);
  await other.send({ cluster: "other" });
  await assert.rejects(async () => {
    for await (const _ of other) assert.fail("it answers");
  }, { code: "not_found" });
});
