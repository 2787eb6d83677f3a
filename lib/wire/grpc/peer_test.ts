/**
 * Our gRPC against grpcio, in both directions.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { callFromPython, PythonServer } from "../../../tests/support/python_grpc/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import { AuthService } from "../gen/auth_service_pb.ts";
import { TransportService } from "../gen/transport_pb.ts";
import { GrpcClient, GrpcServer } from "./mod.ts";

const { ping, getUser, getUsers } = AuthService.method;
const { proxySSH } = TransportService.method;

Deno.test("grpcio's client gets from our server what it should", async () => {
  using server = new GrpcServer<undefined>()
    .register(AuthService, {
      ping: () => ({ clusterName: "example.com" }),
      getUser: async (request, call) => {
        if (request.name === "stop") await once(call.signal, "abort");
        throw new ToolError("not_found", `user "${request.name}" is not found: 100 % «weg»`);
      },
      async *getUsers() {
        for (let i = 0; i < 1000; i++) yield { metadata: { name: `user${i}` } };
        await Promise.resolve();
      },
    })
    .registerBytes(proxySSH, async (call) => {
      for (
        let message = await call.receive();
        message !== undefined;
        message = await call.receive()
      ) {
        await call.send(message);
      }
    });
  const listener = net.createServer((socket) => void server.serve(socket, undefined));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  try {
    const outcomes = await callFromPython((listener.address() as AddressInfo).port);
    // Both sides keep the deadline, and the words are those of the first to notice.
    const { deadline } = outcomes;
    if (deadline?.details === "deadline exceeded") deadline.details = "Deadline Exceeded";
    assert.deepEqual(outcomes, {
      ping: { ok: "0a0b6578616d706c652e636f6d" },
      error: { code: "NOT_FOUND", details: 'user "bob" is not found: 100 % «weg»' },
      unknown: {
        code: "UNIMPLEMENTED",
        details: "unknown method NoSuchMethod for service proto.AuthService",
      },
      deadline: { code: "DEADLINE_EXCEEDED", details: "Deadline Exceeded" },
      stream: { ok: 1000 },
      bidi: { ok: [true, true, true, true, true] },
      large: {
        code: "RESOURCE_EXHAUSTED",
        details: "message of 4194305 bytes is larger than the limit of 4194304 bytes",
      },
      compressed: { code: "UNIMPLEMENTED", details: "compressed message, which nobody asked for" },
      again: { ok: "0a0b6578616d706c652e636f6d" },
    });
  } finally {
    const closed = once(listener, "close");
    listener.close();
    await closed;
  }
});

Deno.test("our client gets from grpcio's server what it should, and bears its leave", async () => {
  await using server = await PythonServer.start();
  await using client = new GrpcClient({
    connect: async () => {
      const socket = net.connect(server.port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
    authority: "localhost",
    userAgent: "latchkey",
  });
  assert.equal((await client.unary(ping, {})).clusterName, "peer");
  await assert.rejects(client.unary(getUser, {}), {
    code: "not_found",
    message: 'user "bob" is not found: 100 % «weg»',
  });
  await assert.rejects(client.unary(AuthService.method.getRoles, {}), { code: "not_implemented" });
  const users = await Array.fromAsync(client.serverStream(getUsers, {}));
  assert.deepEqual([users.length, users[999]?.metadata?.name], [1000, "alice"]);

  const call = await client.bidiBytes(proxySSH);
  const sizes = [1, 5000, 100_000, 3_000_000];
  const sending = (async () => {
    for (const size of sizes) await call.send(new Uint8Array(size).fill(size % 251));
    call.closeSend();
  })();
  const received: number[] = [];
  for await (const message of call) {
    assert.ok(message.every((byte) => byte === message.length % 251));
    received.push(message.length);
  }
  await sending;
  assert.deepEqual(received, sizes);

  await server.stop();
  await assert.rejects(client.unary(ping, {}), { code: "connection" });
});
