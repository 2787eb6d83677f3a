import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { ToolError } from "../../errors/mod.ts";
import { AuthService } from "../gen/auth_service_pb.ts";
import { TransportService } from "../gen/transport_pb.ts";
import {
  GrpcClient,
  type GrpcClientOptions,
  GrpcServer,
  type GrpcServerOptions,
  type ServerCall,
} from "./mod.ts";

interface Context {
  caller: string;
}

/** A server on loopback, and how to reach it. */
class Loopback implements AsyncDisposable {
  readonly server: GrpcServer<Context>;
  readonly sockets = new Set<net.Socket>();
  readonly #listener: net.Server;
  readonly #clients: GrpcClient[] = [];

  private constructor(server: GrpcServer<Context>, listener: net.Server) {
    this.server = server;
    this.#listener = listener;
  }

  static async open(server: GrpcServer<Context>): Promise<Loopback> {
    const listener = net.createServer((socket) => {
      self.sockets.add(socket);
      server.serve(socket, { caller: "alice" });
    });
    const self = new Loopback(server, listener);
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return self;
  }

  async connect(): Promise<Duplex> {
    const socket = net.connect((this.#listener.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  }

  client(options: Partial<GrpcClientOptions> = {}): GrpcClient {
    const client = new GrpcClient({ connect: () => this.connect(), authority: "test", ...options });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.server[Symbol.dispose]();
    const closed = once(this.#listener, "close");
    this.#listener.close();
    await closed;
  }
}

const { ping, getUsers, getUser, listResources, deleteUser } = AuthService.method;
const { proxySSH, getClusterDetails } = TransportService.method;

function newServer(options: GrpcServerOptions = {}): GrpcServer<Context> {
  return new GrpcServer<Context>(options)
    .register(AuthService, {
      ping: (_, call) => ({ clusterName: "example.com", remoteAddr: call.context.caller }),
      getUser: (request) => {
        if (request.name === "bug") throw new TypeError("secret");
        throw new ToolError("not_found", `user "${request.name}" is not found: 100 % «weg»\n`);
      },
      async *getUsers() {
        for (let i = 0; i < 100; i++) {
          await Promise.resolve();
          yield { metadata: { name: `user${i}` } };
        }
      },
    })
    .register(TransportService, {
      async *proxySSH(requests) {
        for await (const request of requests) yield { frame: request.frame };
      },
    });
}

Deno.test("a unary call brings request and response across, and knows its caller", async () => {
  await using loopback = await Loopback.open(newServer());
  const response = await loopback.client().unary(ping, {});
  assert.equal(response.clusterName, "example.com");
  assert.equal(response.remoteAddr, "alice");
});

Deno.test("an error comes across with its code and its words", async () => {
  const internal: unknown[] = [];
  await using loopback = await Loopback.open(
    newServer({ onInternalError: (path, error) => internal.push(path, error) }),
  );
  const client = loopback.client();
  await assert.rejects(client.unary(getUser, { name: "bob" }), {
    code: "not_found",
    message: `user "bob" is not found: 100 % «weg»`,
  });
  await assert.rejects(client.unary(getUser, { name: "bug" }), {
    code: "internal",
    message: "internal error",
  });
  assert.equal(internal[0], "/proto.AuthService/GetUser");
  assert.ok(internal[1] instanceof TypeError);
});

Deno.test("methods without a handler are not implemented, in grpc-go's words", async () => {
  const server = new GrpcServer<Context>().register(AuthService, { ping: () => ({}) });
  await using loopback = await Loopback.open(server);
  const client = loopback.client();
  await assert.rejects(client.unary(deleteUser, {}), {
    code: "not_implemented",
    message: "unknown method DeleteUser for service proto.AuthService",
  });
  await assert.rejects(client.unary(getClusterDetails, {}), {
    code: "not_implemented",
    message: "unknown service teleport.transport.v1.TransportService",
  });
});

Deno.test("a server stream brings all responses in order", async () => {
  await using loopback = await Loopback.open(newServer());
  const names = (await Array.fromAsync(loopback.client().serverStream(getUsers, {}))).map((user) =>
    user.metadata?.name
  );
  assert.deepEqual(names, Array.from({ length: 100 }, (_, i) => `user${i}`));
});

Deno.test("leaving a server stream's loop cancels the call", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const server = new GrpcServer<Context>().register(AuthService, {
    async *getUsers(_, call) {
      call.signal.addEventListener("abort", () => cancelled.resolve(call.signal.reason));
      for (;;) yield { metadata: { name: "again".repeat(10_000) } };
    },
  });
  await using loopback = await Loopback.open(server);
  for await (const user of loopback.client().serverStream(getUsers, {})) {
    assert.equal(user.metadata?.name.slice(0, 5), "again");
    break;
  }
  assert.equal((await cancelled.promise as ToolError).code, "cancelled");
});

Deno.test("a bidirectional call goes both ways at once", async () => {
  await using loopback = await Loopback.open(newServer());
  const call = await loopback.client().bidi(proxySSH);
  const responses = call[Symbol.asyncIterator]();
  for (const text of ["one", "two"]) {
    const payload = new TextEncoder().encode(text);
    await call.send({ frame: { case: "ssh", value: { payload } } });
    const { value } = await responses.next();
    assert.deepEqual([value.frame.case, value.frame.value.payload], ["ssh", payload]);
  }
  call.closeSend();
  assert.equal((await responses.next()).done, true);
});

Deno.test("a call ends at its deadline, on both sides", async () => {
  const reason = Promise.withResolvers<ToolError>();
  const server = new GrpcServer<Context>().register(AuthService, {
    ping: (_, call) =>
      new Promise((_, reject) => {
        call.signal.addEventListener("abort", () => {
          reason.resolve(call.signal.reason);
          reject(call.signal.reason);
        });
      }),
  });
  await using loopback = await Loopback.open(server);
  await assert.rejects(loopback.client().unary(ping, {}, { timeoutMs: 50 }), {
    code: "expired",
    message: "deadline exceeded",
  });
  assert.ok(["expired", "cancelled"].includes((await reason.promise).code));
});

Deno.test("a server that is past a deadline says so to a client that keeps none", async () => {
  const server = new GrpcServer<Context>().register(AuthService, {
    ping: (_, call) =>
      new Promise((resolve) => call.signal.addEventListener("abort", () => resolve({}))),
  });
  await using loopback = await Loopback.open(server);
  const metadata = { "grpc-timeout": "20m" };
  await assert.rejects(loopback.client().unary(ping, {}, { metadata }), { code: "expired" });
});

Deno.test("an aborted signal ends the call with its reason", async () => {
  const aborted = Promise.withResolvers<void>();
  const server = new GrpcServer<Context>().register(AuthService, {
    ping: (_, call: ServerCall<Context>) => {
      call.signal.addEventListener("abort", () => aborted.resolve());
      return aborted.promise.then(() => ({}));
    },
  });
  await using loopback = await Loopback.open(server);
  const client = loopback.client();
  const abort = new AbortController();
  const call = client.unary(ping, {}, { signal: abort.signal });
  setTimeout(() => abort.abort(new ToolError("cancelled", "interrupted by SIGINT")), 20);
  await assert.rejects(call, { code: "cancelled", message: "interrupted by SIGINT" });
  await aborted.promise;
  await assert.rejects(client.unary(ping, {}, { signal: AbortSignal.abort() }), {
    code: "cancelled",
  });
});

Deno.test("messages larger than the limit are refused by both sides", async () => {
  const big = "x".repeat(5000);
  const server = newServer({ maxMessageBytes: 1000 }).register(AuthService, {
    listResources: () => ({ nextKey: big }),
  });
  await using loopback = await Loopback.open(server);
  const client = loopback.client({ maxMessageBytes: 1000 });
  await assert.rejects(client.unary(getUser, { name: big }), { code: "limit_exceeded" });
  await assert.rejects(client.unary(listResources, {}), {
    code: "limit_exceeded",
    message: /5003 bytes/,
  });
  assert.equal((await client.unary(ping, {})).clusterName, "example.com");
});

Deno.test("a client opens a new connection when the old one has broken", async () => {
  await using loopback = await Loopback.open(newServer());
  const client = loopback.client();
  await client.unary(ping, {});
  for (const socket of loopback.sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal((await client.unary(ping, {})).clusterName, "example.com");
  assert.equal(loopback.sockets.size, 2);
});

Deno.test("calls fail when their connection breaks", async () => {
  const server = new GrpcServer<Context>().register(AuthService, {
    ping: (_, call) =>
      new Promise((_, reject) =>
        call.signal.addEventListener("abort", () => reject(call.signal.reason))
      ),
  });
  await using loopback = await Loopback.open(server);
  const call = loopback.client().unary(ping, {});
  setTimeout(() => loopback.sockets.forEach((socket) => socket.destroy()), 20);
  await assert.rejects(call, { code: "connection" });
});

Deno.test("a connection that cannot be had is a connection error, and the next call tries again", async () => {
  await using loopback = await Loopback.open(newServer());
  let attempts = 0;
  const client = loopback.client({
    connect: () => {
      attempts++;
      if (attempts === 1) throw new Error("ECONNREFUSED");
      return loopback.connect();
    },
  });
  const both = await Promise.allSettled([client.unary(ping, {}), client.unary(ping, {})]);
  for (const result of both) {
    assert.equal((result as PromiseRejectedResult).reason.code, "connection");
  }
  assert.equal(attempts, 1);
  assert.equal((await client.unary(ping, {})).clusterName, "example.com");
});

Deno.test("calls that come together share one connection", async () => {
  await using loopback = await Loopback.open(newServer());
  const client = loopback.client();
  const responses = await Promise.all(Array.from({ length: 300 }, () => client.unary(ping, {})));
  assert.equal(responses.length, 300);
  assert.equal(loopback.sockets.size, 1);
});

Deno.test("a server that closes lets its calls finish", async () => {
  const release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const server = new GrpcServer<Context>().register(AuthService, {
    ping: () => {
      started.resolve();
      return release.promise.then(() => ({ clusterName: "late" }));
    },
  });
  await using loopback = await Loopback.open(server);
  const call = loopback.client().unary(ping, {});
  await started.promise;
  const closed = server.close();
  release.resolve();
  assert.equal((await call).clusterName, "late");
  await closed;
});

Deno.test("a sender waits for a reader that does not read", async () => {
  const payload = new Uint8Array(64 * 1024);
  const resume = Promise.withResolvers<void>();
  let received = 0;
  const server = new GrpcServer<Context>().registerBytes(proxySSH, async (call) => {
    await resume.promise;
    for (
      let message = await call.receive();
      message !== undefined;
      message = await call.receive()
    ) {
      received += message.length;
    }
  });
  await using loopback = await Loopback.open(server);
  const call = await loopback.client().bidiBytes(proxySSH);
  let sent = 0;
  const sending = (async () => {
    for (let i = 0; i < 200; i++) {
      await call.send(payload);
      sent += payload.length;
    }
    call.closeSend();
  })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(sent < 6 * 1024 * 1024, `sent ${sent} bytes to nobody`);
  resume.resolve();
  await sending;
  assert.equal(await call.receive(), undefined);
  assert.equal(received, 200 * payload.length);
});
