import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import net from "node:net";
import { createWebCertificate } from "../../keys/x509/mod.ts";
import { realDeps } from "../../deps/mod.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import { rawConnect, rawExchange } from "../../../tests/support/raw_http.ts";
import { DEFAULT_PROXY_LIMITS } from "../limits.ts";
import { TlsEndpoint } from "../tls/endpoint.ts";
import { HandedHttpServer } from "./http_server.ts";

const FIND = "GET /webapi/find HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST = "GET /webapi/find HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

function answers(text: string): number {
  return text.match(/HTTP\/1\.1 200 /g)?.length ?? 0;
}

Deno.test("a few requests may be sent without waiting for answers", async () => {
  await using cluster = await InProcessCluster.start();
  assert.equal(answers(await rawExchange(cluster, FIND.repeat(4), LAST)), 5);
});

Deno.test("any number of requests may follow one another on a connection", async () => {
  await using cluster = await InProcessCluster.start();
  const socket = rawConnect(cluster);
  let text = "";
  socket.on("data", (bytes) => text += bytes);
  for (let turn = 1; turn <= 40; turn++) {
    socket.write(FIND);
    while (answers(text) < turn) await once(socket, "data");
  }
  socket.destroy();
});

Deno.test("any number of bytes may come on a connection, in requests that end", async () => {
  await using cluster = await InProcessCluster.start({ proxyLimits: { requestBytes: 2_000 } });
  const padding = `X-Padding: ${"x".repeat(1_500)}\r\n`;
  const socket = rawConnect(cluster);
  let text = "";
  socket.on("data", (bytes) => text += bytes);
  for (let turn = 1; turn <= 10; turn++) {
    socket.write(FIND.replace("Host", padding + "Host"));
    while (answers(text) < turn) await once(socket, "data");
  }
  socket.destroy();
});

const POST = "POST /webapi/mfa/login/begin HTTP/1.1\r\nHost: localhost\r\n" +
  "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

Deno.test.each<{ what: string; start: string; more: string }>([
  { what: "a chunk's extension", start: POST + "2;", more: "a".repeat(65_536) },
  { what: "chunks of a byte", start: POST, more: "1\r\n \r\n".repeat(10_000) },
  { what: "trailers", start: POST + "0\r\n", more: `X: ${"a".repeat(1_000)}\r\n`.repeat(60) },
  { what: "empty lines", start: "\r\n", more: "\r\n".repeat(32_768) },
])("a request whose wrapping does not end is cut off: $what", async ({ start, more }) => {
  await using cluster = await InProcessCluster.start();
  const socket = rawConnect(cluster).resume();
  socket.on("error", () => {});
  let closed = false;
  socket.once("close", () => closed = true);
  await once(socket, "secureConnect");
  socket.write(start);
  let sent = 0;
  for (; !closed && sent < 32 * 1024 * 1024; sent += more.length) {
    await new Promise((resolve) => socket.write(more, resolve));
  }
  assert.ok(closed, `${sent} bytes were taken`);
  // @hono/node-server looks after a request's body for a moment when its connection has gone.
  await new Promise((resolve) => setTimeout(resolve, 50));
});

Deno.test("a connection with many requests at once is ended", async () => {
  await using cluster = await InProcessCluster.start();
  assert.ok(answers(await rawExchange(cluster, FIND.repeat(1000), LAST)) <= 8);
});

/** Sends for as long as the server takes it, or until `enough` bytes; gives how many it took. */
async function pour(socket: net.Socket, bytes: Uint8Array, enough: number): Promise<number> {
  let taken = 0;
  while (taken < enough) {
    const written = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => written.resolve(false), 1_000);
    socket.write(bytes, (error) => written.resolve(!error));
    const isTaken = await written.promise;
    clearTimeout(timer);
    if (!isTaken) break;
    taken += bytes.length;
  }
  return taken;
}

Deno.test("a peer that sends what nobody reads has to wait, and goes on when it is read", async () => {
  const web = await createWebCertificate({ nowMs: Date.now() }, realDeps());
  const arrived = Promise.withResolvers<http.IncomingMessage>();
  const server = new HandedHttpServer((request, response) => {
    arrived.resolve(request);
    request.on("end", () => response.end("all of it"));
  }, { ...DEFAULT_PROXY_LIMITS, requestBytes: Infinity });
  const endpoint = new TlsEndpoint({
    ...web,
    alpnProtocols: ["http/1.1"],
    handshakeMs: 5_000,
    onSecure: (socket) => server.accept(socket),
  });
  const listener = net.createServer((socket) => endpoint.accept(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  const client = rawConnect({ port, certificate: web.certPem });
  client.on("error", () => {});
  const MiB = 1024 * 1024;
  const total = 64 * MiB;
  client.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${total}\r\n\r\n`);
  const request = await arrived.promise;
  const taken = await pour(client, new Uint8Array(MiB), total);
  assert.ok(taken < 24 * MiB, `${taken} bytes were taken that nobody has read`);
  let read = 0;
  request.on("data", (bytes: Uint8Array) => read += bytes.length);
  // One piece more is on its way already.
  for (let sent = taken + MiB; sent < total; sent += MiB) client.write(new Uint8Array(MiB));
  const [answer] = await once(client, "data");
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
  assert.equal(read, total);
  client.destroy();
  server.close();
  listener.close();
  await once(listener, "close");
});
