/**
 * What a client can make a server hold, and for how long.
 */

import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { ToolError } from "../../errors/mod.ts";
import { AuthService } from "../gen/auth_service_pb.ts";
import { TransportService } from "../gen/transport_pb.ts";
import { headerValue, Http2Connection, type Http2Stream } from "../http2/mod.ts";
import { messagePrefix } from "./message.ts";
import { GrpcServer, type GrpcServerOptions } from "./mod.ts";

const MiB = 1024 * 1024;
/** GRPC_STATUS of grpc/doc/statuscodes.md. */
const STATUS = { ok: "0", expired: "4", denied: "7", exhausted: "8" };

/** A server in memory, and a client that speaks HTTP/2 by hand. */
class Link implements AsyncDisposable {
  readonly server: GrpcServer<undefined>;
  readonly client: Http2Connection;
  readonly served: Http2Connection;
  /** Names of the users that were created. */
  readonly created: string[] = [];

  constructor(
    options: GrpcServerOptions = {},
    { handling, refusal }: { handling?: Promise<void>; refusal?: ToolError } = {},
  ) {
    const [near, far] = duplexPair();
    this.server = new GrpcServer<undefined>(options)
      .register(AuthService, {
        createUser: async (user) => {
          this.created.push(user.metadata!.name);
          await handling;
          return {};
        },
      })
      .register(TransportService, {
        async *proxySSH(requests) {
          for await (const { frame } of requests) yield { frame };
        },
      });
    this.served = refusal === undefined
      ? this.server.serve(far, undefined)
      : this.server.refuse(far, refusal);
    this.client = new Http2Connection(near, { role: "client" });
  }

  open(path = "/proto.AuthService/CreateUser"): Promise<Http2Stream> {
    return this.client.request([
      [":method", "POST"],
      [":scheme", "https"],
      [":path", path],
      [":authority", "test"],
      ["content-type", "application/grpc"],
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    this.server[Symbol.dispose]();
    await Promise.all([this.client.closed, this.served.closed]);
  }
}

/** A user whose name fills the message: `ServerV2.metadata.name`, of `length` bytes in all. */
function largeUser(length: number): Uint8Array {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  const field = (number: number, size: number) => [(number << 3) | 2, ...varint(size)];
  const inner = length - 16;
  const head = [...field(4, inner + field(1, inner).length), ...field(1, inner)];
  const message = new Uint8Array(head.length + inner).fill(120);
  message.set(head);
  return message;
}

/** The status that the call ends with. */
async function statusOf(stream: Http2Stream): Promise<string | undefined> {
  const headers = await stream.response;
  while (await stream.read() !== undefined);
  return headerValue(stream.trailers ?? headers, "grpc-status");
}

/** Resolves when everything that was sent has arrived, and been looked at. */
async function arrived(link: Link): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await link.client.ping();
}

Deno.test("a connection may have some large messages at once, and not any number of them", async () => {
  await using link = new Link();
  const message = largeUser(4 * MiB - 100);
  const streams: Http2Stream[] = [];
  for (let i = 0; i < 20; i++) {
    const stream = await link.open();
    stream.write(messagePrefix(message.length), message.subarray(0, MiB));
    streams.push(stream);
    await arrived(link);
  }
  const [first, second, third, fourth, ...others] = streams;
  for (const stream of others) assert.equal(await statusOf(stream), STATUS.exhausted);
  for (const stream of [first!, second!, third!, fourth!]) {
    stream.write(message.subarray(MiB));
    stream.end();
    assert.equal(await statusOf(stream), STATUS.ok);
  }
  assert.equal(link.created.length, 4);
  const next = await link.open();
  next.write(messagePrefix(message.length), message);
  next.end();
  assert.equal(await statusOf(next), STATUS.ok, "there is room again");
});

Deno.test("large messages that are sent at the same time all come across", async () => {
  await using link = new Link();
  const message = largeUser(4 * MiB - 100);
  const outcomes = Array.from({ length: 4 }, async () => {
    const stream = await link.open();
    stream.write(messagePrefix(message.length), message);
    stream.end();
    return await statusOf(stream);
  });
  assert.deepEqual(await Promise.all(outcomes), Array(4).fill(STATUS.ok));
});

Deno.test("a large request counts until its handler is done", async () => {
  const handling = Promise.withResolvers<void>();
  await using link = new Link({ messageBudgetBytes: 2 * MiB }, { handling: handling.promise });
  const message = largeUser(1.5 * MiB);
  const send = async () => {
    const stream = await link.open();
    stream.write(messagePrefix(message.length), message);
    stream.end();
    return statusOf(stream);
  };
  const first = send();
  while (link.created.length === 0) await arrived(link);
  assert.equal(await send(), STATUS.exhausted);
  handling.resolve();
  assert.equal(await first, STATUS.ok);
  assert.equal(await send(), STATUS.ok);
});

Deno.test("a call that is given up gives its share back", async () => {
  await using link = new Link({ messageBudgetBytes: 2 * MiB });
  const message = largeUser(1.5 * MiB);
  for (let turn = 0; turn < 5; turn++) {
    const stream = await link.open();
    stream.write(messagePrefix(message.length), message.subarray(0, MiB));
    await arrived(link);
    stream.reset();
    await arrived(link);
  }
  const stream = await link.open();
  stream.write(messagePrefix(message.length), message);
  stream.end();
  assert.equal(await statusOf(stream), STATUS.ok);
});

Deno.test("a request has to come in time, whole", async (t) => {
  const message = largeUser(100);
  const parts: Record<string, Uint8Array[]> = {
    "no request": [],
    "half a request": [messagePrefix(100), message.subarray(0, 50)],
    "a request without an end": [messagePrefix(message.length), message],
  };
  for (const [what, bytes] of Object.entries(parts)) {
    await t.step(what, async () => {
      await using link = new Link({ requestMs: 30 });
      const stream = await link.open();
      stream.write(...bytes);
      assert.equal(await statusOf(stream), STATUS.expired);
      assert.deepEqual(link.created, []);
    });
  }
});

Deno.test("many requests may come at any time, once the first one has", async () => {
  await using link = new Link({ requestMs: 30 });
  const path = "/teleport.transport.v1.TransportService/ProxySSH";
  assert.equal(await statusOf(await link.open(path)), STATUS.expired);
  const stream = await link.open(path);
  const empty = messagePrefix(0);
  stream.write(empty);
  await stream.response;
  await new Promise((resolve) => setTimeout(resolve, 100));
  stream.write(empty);
  stream.end();
  assert.equal(await statusOf(stream), STATUS.ok);
});

Deno.test("who is refused hears why at each call, and is cut off when that is not enough", async () => {
  const refusal = new ToolError("access_denied", "user is removed");
  await using link = new Link({ requestMs: 50 }, { refusal });
  const stream = await link.open();
  stream.write(messagePrefix(4 * MiB), new Uint8Array(MiB));
  const headers = await stream.response;
  assert.equal(headerValue(headers, "grpc-status"), STATUS.denied);
  assert.equal(headerValue(headers, "grpc-message"), "user is removed");
  assert.equal(await statusOf(await link.open()), STATUS.denied);
  assert.equal((await link.served.closed)?.message, "user is removed");
});

Deno.test("who does not greet is cut off", async () => {
  using server = new GrpcServer<undefined>({ greetingMs: 30 });
  const [near, far] = duplexPair();
  near.resume();
  const reason = await server.serve(far, undefined).closed;
  assert.match(reason!.message, /does not say that it speaks HTTP\/2/);
  near.destroy();
  await using link = new Link({ greetingMs: 30 });
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.ok(link.client.usable, "but not who does");
});
