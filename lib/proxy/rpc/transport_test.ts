import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import tls from "node:tls";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ALPN_PROXY_GRPC, clusterServerName } from "../../wire/mod.ts";
import { AuthService } from "../../wire/gen/auth_service_pb.ts";
import { type ProxySSHRequestSchema, TransportService } from "../../wire/gen/transport_pb.ts";
import { GrpcClient } from "../../wire/grpc/mod.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import { identityOf, rpcClient } from "../../../tests/support/rpc_client.ts";

const NAME = clusterServerName("demo");

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
  await using rpc = rpcClient(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
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
  await using rpc = rpcClient(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
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
  await using rpc = rpcClient(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
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
  await using rpc = rpcClient(cluster, await identityOf(cluster, alice), [ALPN_PROXY_GRPC, "h2"]);
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
  await using outer = rpcClient(cluster, identity, [ALPN_PROXY_GRPC, "h2"]);
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
