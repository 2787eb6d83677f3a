import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { duplexPair } from "node:stream";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { isToolError, ToolError } from "../errors/mod.ts";
import {
  ProxySSHRequestSchema,
  ProxySSHResponseSchema,
  TransportService,
} from "../wire/gen/transport_pb.ts";
import { type BytesCall, GrpcClient, GrpcServer } from "../wire/grpc/mod.ts";
import { openNodeStream } from "./node_stream.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function response(payload?: Uint8Array): Uint8Array {
  const message = payload === undefined
    ? create(ProxySSHResponseSchema, { details: { fipsEnabled: false } })
    : create(ProxySSHResponseSchema, { frame: { case: "ssh", value: { payload } } });
  return toBinary(ProxySSHResponseSchema, message);
}

async function request(call: BytesCall<unknown>): Promise<Uint8Array | undefined> {
  const message = await call.receive();
  if (message === undefined) return undefined;
  const { frame } = fromBinary(ProxySSHRequestSchema, message);
  return frame.case === "ssh" ? frame.value.payload : new Uint8Array();
}

/** Runs `use` with a call to a server that does `serve`. */
async function withCall(
  serve: (call: BytesCall<unknown>) => Promise<void>,
  use: (call: Awaited<ReturnType<GrpcClient["bidiBytes"]>>) => Promise<void>,
): Promise<void> {
  const [near, far] = duplexPair();
  const server = new GrpcServer<unknown>().registerBytes(TransportService.method.proxySSH, serve);
  server.serve(far, undefined);
  await using client = new GrpcClient({ connect: () => near, authority: "test" });
  await use(await client.bidiBytes(TransportService.method.proxySSH));
}

Deno.test("a node's stream is there once the node has spoken, and carries all bytes both ways", async () => {
  const bytes = randomBytes(1_000_000);
  await withCall(async (call) => {
    await call.send(response());
    await call.send(response(encode("SSH-2.0-")));
    for (let chunk; (chunk = await request(call)) !== undefined;) await call.send(response(chunk));
  }, async (call) => {
    const stream = await openNodeStream(call);
    const received: Uint8Array[] = [];
    stream.on("data", (chunk) => received.push(chunk));
    for (let at = 0; at < bytes.length; at += 33_333) stream.write(bytes.subarray(at, at + 33_333));
    stream.end();
    await new Promise((resolve) => stream.once("end", resolve));
    assert.ok(Buffer.concat(received).equals(Buffer.concat([encode("SSH-2.0-"), bytes])));
  });
});

Deno.test("a node that says nothing, or that the proxy cannot reach, gives no stream", async () => {
  await withCall((call) => call.send(response()), async (call) => {
    await assert.rejects(openNodeStream(call), (error) => isToolError(error, "connection"));
  });
  const refused = new ToolError("access_denied", "not for you");
  await withCall(() => Promise.reject(refused), async (call) => {
    await assert.rejects(openNodeStream(call), { code: "access_denied", message: "not for you" });
  });
  await withCall((call) => call.send(Uint8Array.of(0xff)), async (call) => {
    await assert.rejects(openNodeStream(call), (error) => isToolError(error, "bad_parameter"));
  });
});

Deno.test("a stream fails with what the proxy says when it breaks off", async () => {
  await withCall(async (call) => {
    await call.send(response(encode("hello")));
    await request(call);
    throw new ToolError("connection", "the node is gone");
  }, async (call) => {
    const stream = await openNodeStream(call);
    const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
    stream.on("data", () => stream.write("bytes"));
    const error = await failed;
    assert.ok(isToolError(error, "connection"));
    assert.equal(error.message, "the node is gone");
  });
});

Deno.test("a stream that is not read makes the node wait", async () => {
  let sent = 0;
  await withCall(async (call) => {
    for (; sent < 100; sent++) await call.send(response(new Uint8Array(1_000_000)));
  }, async (call) => {
    const stream = await openNodeStream(call);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(sent < 60, `${sent} MB were sent to nobody`);
    stream.destroy();
  });
});
