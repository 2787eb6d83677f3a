import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import { realDeps } from "../deps/mod.ts";
import { createWebCertificate } from "../keys/x509/mod.ts";
import { answerJson, type Handler, HttpsServer } from "../../tests/support/https_server.ts";
import { type WebCall, WebClient } from "./http.ts";

const GET: WebCall = { method: "GET", path: "/webapi/ping", timeoutMs: 5000 };

async function withServer(
  handler: Handler,
  run: (web: WebClient, server: HttpsServer) => Promise<void>,
): Promise<void> {
  await using server = await HttpsServer.start(handler);
  const endpoint = { host: "localhost", port: server.port };
  const web = new WebClient(endpoint, { ca: [server.certificate] }, { userAgent: "test/1" });
  await run(web, server);
}

/** A server that is not TLS: it says `greeting` to everyone, and hangs up if that is `undefined`. */
async function withPlainServer(
  greeting: string | undefined,
  run: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    if (greeting === undefined) socket.destroy();
    else socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A server that says `start` and then `more` for as long as it is heard; gives how many bytes that was. */
async function withEndlessServer(
  { start, more }: { start: string; more: string },
  run: (web: WebClient) => Promise<void>,
): Promise<number> {
  const { certPem, keyPem } = await createWebCertificate({ nowMs: Date.now() }, realDeps());
  let sent = 0;
  const server = tls.createServer({ cert: certPem, key: keyPem }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(start);
      const say = () => {
        if (socket.destroyed) return;
        sent += more.length;
        socket.write(more, () => setTimeout(say));
      };
      say();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await run(new WebClient({ host: "localhost", port }, { ca: [certPem] }, { userAgent: "test/1" }));
  server.close();
  await once(server, "close");
  return sent;
}

Deno.test("call() sends JSON and reads the answer", async () => {
  const seen: unknown[] = [];
  await withServer(async (request, response) => {
    seen.push([request.method, request.url, request.headers["user-agent"], await request.text()]);
    response.setHeader("retry-after", "7");
    answerJson(response, 201, { größe: 1 });
  }, async (web) => {
    const first = await web.call({ ...GET, method: "POST", path: "/a", body: { user: "älice" } });
    await web.call(GET);
    assert.equal(first.status, 201);
    assert.equal(first.text, '{"größe":1}');
    assert.equal(first.retryAfterSeconds, 7);
    assert.ok(Math.abs(first.dateMs! - Date.now()) < 5000);
    assert.equal(web.remoteAddress, "127.0.0.1");
  });
  assert.deepEqual(seen, [
    ["POST", "/a", "test/1", '{"user":"älice"}'],
    ["GET", "/webapi/ping", "test/1", ""],
  ]);
});

Deno.test("call() refuses a body that does not end", async () => {
  await withServer((_request, response) => {
    const more = () => {
      if (!response.destroyed) response.write("x".repeat(1 << 20), () => setTimeout(more, 1));
    };
    more();
  }, async (web) => {
    await assert.rejects(web.call(GET), {
      code: "limit_exceeded",
      message: "the proxy's answer is larger than 4 MiB",
    });
  });
});

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

Deno.test.each<{ what: string; start: string; more: string; most: number }>([
  {
    what: "interim answers",
    start: "HTTP/1.1 100 Continue\r\n\r\n",
    more: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
    most: 64 * 1024,
  },
  {
    what: "an extension of a chunk",
    start: CHUNKED + "1;",
    more: "a".repeat(65_536),
    most: 16 << 20,
  },
  {
    what: "extensions of chunks of a byte",
    start: CHUNKED,
    more: `1;${"a".repeat(4_000)}\r\n \r\n`.repeat(16),
    most: 16 << 20,
  },
])("call() ends on an answer that does not: $what", async ({ start, more, most }) => {
  const sent = await withEndlessServer({ start, more }, async (web) => {
    await assert.rejects(web.call(GET), {
      code: "limit_exceeded",
      message: "the proxy's answer does not end",
    });
  });
  assert.ok(sent <= most, `${sent} bytes were sent`);
});

Deno.test("call() passes over some interim answers", async () => {
  await withServer((_request, response) => {
    for (let i = 0; i < 20; i++) response.writeProcessing();
    answerJson(response, 200, "final");
  }, async (web) => {
    assert.equal((await web.call(GET)).text, '"final"');
  });
});

Deno.test("call() gives up after its time", async () => {
  await withServer(() => {}, async (web) => {
    await assert.rejects(web.call({ ...GET, timeoutMs: 50 }), {
      code: "connection",
      message: /no answer from localhost:\d+ within 0 s/,
    });
  });
});

Deno.test("call() ends the connection when its signal says so, with the signal's reason", async () => {
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await withServer((request) => {
    request.socket.on("close", () => gone.resolve());
    asked.resolve();
  }, async (web) => {
    const controller = new AbortController();
    const call = web.call({ ...GET, signal: controller.signal });
    await asked.promise;
    const reason = new Error("stop");
    controller.abort(reason);
    await assert.rejects(call, reason);
    await gone.promise;
    await assert.rejects(web.call({ ...GET, signal: controller.signal }), reason);
  });
});

Deno.test("call() is not made again after it was ended", async () => {
  let posts = 0;
  const controller = new AbortController();
  await withServer((request, response) => {
    if (request.method === "GET") return answerJson(response, 200, {});
    posts++;
    controller.abort(new Error("stop"));
  }, async (web) => {
    await web.call(GET);
    const post: WebCall = { ...GET, method: "POST", body: {}, signal: controller.signal };
    await assert.rejects(web.call(post), /stop/);
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  assert.equal(posts, 1);
});

Deno.test("call() says that the server went away in the middle", async () => {
  const asked = Promise.withResolvers<void>();
  await withServer(() => asked.resolve(), async (web, server) => {
    const call = web.call(GET);
    await asked.promise;
    server.kill();
    await assert.rejects(call, { code: "connection", message: /closed the connection|cut off/ });
  });
});

Deno.test("call() takes no half of an answer", async () => {
  await withServer((request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("{", () => request.socket.destroy());
  }, async (web) => {
    await assert.rejects(web.call(GET), { code: "connection", message: /closed|cut off/ });
  });
});

Deno.test("call() says that nothing listens", async () => {
  const web = new WebClient({ host: "127.0.0.1", port: 1 }, { ca: [] }, { userAgent: "test/1" });
  await assert.rejects(web.call(GET), {
    code: "connection",
    message: "nothing listens at 127.0.0.1:1: connection refused",
    hint: /--proxy/,
  });
});

Deno.test("call() says that there is no such host", async () => {
  const endpoint = { host: "nosuch.invalid", port: 443 };
  const web = new WebClient(endpoint, { ca: [] }, { userAgent: "test/1" });
  await assert.rejects(web.call(GET), {
    code: "connection",
    message: /no such host: nosuch\.invalid|cannot look up nosuch\.invalid/,
  });
});

Deno.test("call() says that the other side does not speak TLS", async () => {
  await withPlainServer("HTTP/1.1 400 Bad Request\r\n\r\n", async (port) => {
    const endpoint = { host: "127.0.0.1", port };
    const web = new WebClient(endpoint, { ca: [] }, { userAgent: "test/1" });
    await assert.rejects(web.call(GET), {
      code: "connection",
      message: `127.0.0.1:${port} does not speak TLS`,
    });
  });
});

Deno.test("call() says that the other side hangs up", async () => {
  await withPlainServer(undefined, async (port) => {
    const endpoint = { host: "127.0.0.1", port };
    const web = new WebClient(endpoint, { ca: [] }, { userAgent: "test/1" });
    await assert.rejects(web.call(GET), { code: "connection" });
  });
});

Deno.test("call() trusts a certificate only when told to", async () => {
  await using server = await HttpsServer.start((_request, response) =>
    answerJson(response, 200, 1)
  );
  const endpoint = { host: "127.0.0.1", port: server.port };
  const stranger = new WebClient(endpoint, { ca: [] }, { userAgent: "test/1" });
  await assert.rejects(stranger.call(GET), { code: "trust", hint: /--insecure.*SSL_CERT_FILE/ });
  const told = new WebClient(endpoint, { ca: [server.certificate] }, { userAgent: "test/1" });
  assert.equal((await told.call(GET)).status, 200);
  const careless = new WebClient(endpoint, { rejectUnauthorized: false }, { userAgent: "test/1" });
  assert.equal((await careless.call(GET)).status, 200);
});
