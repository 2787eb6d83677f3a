import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { authAlpn, clusterServerName } from "../../wire/mod.ts";
import { startProxy } from "../mod.ts";
import { fixedCertificates } from "./certificates.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import { parseAnswer, rawConnect, rawRequest } from "../../../tests/support/raw_http.ts";

/** A TCP connection without TLS. */
async function connect(cluster: InProcessCluster): Promise<net.Socket> {
  const socket = net.connect(cluster.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Everything that comes until the connection ends, however it does. */
async function readAll(socket: net.Socket): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk) => chunks.push(chunk as Uint8Array));
  if (!socket.destroyed) await once(socket, "close");
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

/** Gives what is written on in pieces of one byte, each a moment after the other. */
function byteByByte(socket: net.Socket): Duplex {
  return new Duplex({
    read() {
      socket.on("data", (chunk) => this.push(chunk));
      socket.on("end", () => this.push(null));
    },
    async write(chunk: Uint8Array, _encoding, done) {
      for (const byte of chunk) {
        socket.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      done();
    },
    final(done) {
      socket.end(done);
    },
  });
}

Deno.test("a ClientHello that comes byte by byte is as good as one in a piece", async () => {
  await using cluster = await InProcessCluster.start();
  const socket = await connect(cluster);
  const secure = tls.connect({
    socket: byteByByte(socket) as net.Socket,
    servername: "localhost",
    ca: [cluster.certificate],
    ALPNProtocols: ["http/1.1"],
  });
  await once(secure, "secureConnect");
  secure.write("GET /webapi/ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  let text = "";
  for await (const chunk of secure) text += chunk;
  assert.equal(parseAnswer(text).status, 200);
  socket.destroy();
});

Deno.test("plain HTTP is told to use https, anything else is hung up on", async () => {
  await using cluster = await InProcessCluster.start();
  const http = await connect(cluster);
  http.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const answer = parseAnswer(new TextDecoder().decode(await readAll(http)));
  assert.equal(answer.status, 400);
  assert.match(answer.text, /https:\/\//);
  for (const bytes of ["\x00\x01\x02", "SSH-2.0-x\r\n", "hello"]) {
    const other = await connect(cluster);
    other.write(bytes);
    assert.equal((await readAll(other)).length, 0, bytes);
  }
});

Deno.test("what begins as TLS and is none gets an alert", async () => {
  await using cluster = await InProcessCluster.start();
  const socket = await connect(cluster);
  socket.write(Uint8Array.of(22, 3, 1, 0, 4, 2, 0, 0, 0));
  assert.deepEqual([...await readAll(socket)], [21, 3, 3, 0, 2, 2, 50]);
});

Deno.test("who does not finish a ClientHello, or a handshake, in time is hung up on", async (t) => {
  await using cluster = await InProcessCluster.start({
    proxyLimits: { clientHelloMs: 200, handshakeMs: 200 },
  });
  const hungUp = async (socket: net.Socket) => {
    const startMs = performance.now();
    await readAll(socket);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 100 && tookMs < 2000, `${tookMs} ms`);
  };
  await t.step("nothing sent", async () => hungUp(await connect(cluster)));
  await t.step("half a ClientHello", async () => {
    const socket = await connect(cluster);
    socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1));
    await hungUp(socket);
  });
  await t.step("a ClientHello and no more", async () => {
    const socket = await connect(cluster);
    // Takes what the TLS client would send, and lets it hear nothing.
    const sink = new Duplex({
      read() {},
      write: (chunk, _, done) => void socket.write(chunk, done),
    });
    const client = tls.connect({ socket: sink as net.Socket, servername: "localhost" });
    client.on("error", () => {});
    await hungUp(socket);
    client.destroy();
  });
});

Deno.test("connections are capped by address, and a proxy's are not", async (t) => {
  const proxyLimits = { connectionsPerAddress: 3 };
  const open = async (cluster: InProcessCluster, count: number) => {
    const sockets = [];
    for (let i = 0; i < count; i++) sockets.push(await connect(cluster));
    return sockets;
  };
  await t.step("a stranger's", async () => {
    await using cluster = await InProcessCluster.start({ proxyLimits });
    const held = await open(cluster, 3);
    // Reset so soon that the client may not even see the connection as made.
    const heard = await connect(cluster).then(readAll, () => new Uint8Array());
    assert.equal(heard.length, 0, "the fourth is hung up on");
    assert.ok(held.every((socket) => !socket.destroyed));
    held[0]!.destroy();
    await once(held[0]!, "close");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await rawRequest(cluster, "GET", "/webapi/ping")).status, 200);
    for (const socket of held) socket.destroy();
  });
  await t.step("a configured proxy's", async () => {
    await using cluster = await InProcessCluster.start({
      proxyLimits,
      trustedProxies: ["127.0.0.1"],
    });
    const held = await open(cluster, 6);
    assert.equal((await rawRequest(cluster, "GET", "/webapi/ping")).status, 200);
    for (const socket of held) socket.destroy();
  });
});

Deno.test("ALPN: the web, the probe, and a clean no for everything else", async (t) => {
  await using cluster = await InProcessCluster.start();
  const negotiate = async (ALPNProtocols: string[] | undefined, servername = "localhost") => {
    const socket = rawConnect(cluster, { ALPNProtocols, servername, rejectUnauthorized: false });
    try {
      await once(socket, "secureConnect");
      return socket.alpnProtocol;
    } catch (error) {
      return (error as Error).message.replace(/.*alert: /, "");
    } finally {
      socket.destroy();
    }
  };
  await t.step("http/1.1, also of h2's friends", async () => {
    assert.equal(await negotiate(["http/1.1"]), "http/1.1");
    assert.equal(await negotiate(["h2", "http/1.1"]), "http/1.1");
    assert.equal(await negotiate(undefined), false);
  });
  await t.step("a probe for the way of ALPN", async () => {
    assert.equal(await negotiate(["teleport-reversetunnel"]), "teleport-reversetunnel");
  });
  await t.step("refusals", async () => {
    assert.equal(await negotiate(["imap"]), "NoApplicationProtocol");
    assert.equal(await negotiate(["h2"]), "NoApplicationProtocol");
    assert.equal(await negotiate(["teleport-proxy-ssh"]), "NoApplicationProtocol");
    assert.equal(await negotiate([authAlpn("other"), "h2"]), "UnrecognisedName");
    assert.equal(await negotiate(undefined, clusterServerName("other")), "UnrecognisedName");
  });
});

Deno.test("a port that is taken is told in words, and nothing is left open", async () => {
  await using cluster = await InProcessCluster.start();
  await assert.rejects(
    startProxy({
      auth: cluster.auth,
      listen: { hostname: "127.0.0.1", port: cluster.port },
      publicAddr: "localhost",
      certificates: fixedCertificates([]),
      deps: { clock: { now: Date.now, monotonic: performance.now }, random: fakeRandom },
    }),
    { code: "connection", message: /the address is in use/ },
  );
});

const fakeRandom = { bytes: (length: number) => new Uint8Array(length), uuid: () => "" };
