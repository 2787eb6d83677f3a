import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  ProxyClusterResponseSchema,
  ProxySSHRequestSchema,
  ProxySSHResponseSchema,
} from "./gen/transport_pb.ts";
import { CLUSTER_RESPONSE_FIELD, frameParts, framePayload, SSH_FIELD } from "./transport_frames.ts";

const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(0, 1, 123, 124, 125, 126, 127, 128, 16379, 16380, 16381, 16384, 70_000).map((
    length,
  ) => new Uint8Array(length).fill(7)),
);

function bytes(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("frameParts() writes what protobuf writes", () => {
  fc.assert(fc.property(payloads, (payload) => {
    const message = create(ProxySSHResponseSchema, { frame: { case: "ssh", value: { payload } } });
    const written = bytes(frameParts(SSH_FIELD, payload));
    assert.deepEqual(written, toBinary(ProxySSHResponseSchema, message));
    const cluster = create(ProxyClusterResponseSchema, { frame: { payload } });
    const clusterWritten = bytes(frameParts(CLUSTER_RESPONSE_FIELD, payload));
    assert.deepEqual(clusterWritten, toBinary(ProxyClusterResponseSchema, cluster));
  }));
});

Deno.test("framePayload() reads what protobuf writes, without a copy", () => {
  fc.assert(fc.property(payloads, (payload) => {
    const message = toBinary(
      ProxySSHRequestSchema,
      create(ProxySSHRequestSchema, { frame: { case: "ssh", value: { payload } } }),
    );
    const read = framePayload(SSH_FIELD, message)!;
    assert.deepEqual([...read], [...payload]);
    assert.equal(read.buffer, message.buffer);
  }));
});

Deno.test("framePayload() leaves other forms to protobuf, and agrees with it on all others", () => {
  const agent = create(ProxySSHRequestSchema, {
    frame: { case: "agent", value: { payload: Uint8Array.of(1) } },
  });
  assert.equal(framePayload(SSH_FIELD, toBinary(ProxySSHRequestSchema, agent)), undefined);
  const first = create(ProxySSHRequestSchema, {
    dialTarget: { hostPort: "a:0" },
    frame: { case: "ssh", value: { payload: Uint8Array.of(1) } },
  });
  assert.equal(framePayload(SSH_FIELD, toBinary(ProxySSHRequestSchema, first)), undefined);
  assert.equal(framePayload(SSH_FIELD, new Uint8Array(0)), undefined);
  const tag = fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(0x12, ...rest));
  fc.assert(fc.property(fc.oneof(tag, fc.uint8Array()), (message) => {
    const payload = framePayload(SSH_FIELD, message);
    if (payload === undefined) return;
    const { frame } = fromBinary(ProxySSHRequestSchema, message);
    assert.equal(frame.case, "ssh");
    assert.deepEqual([...frame.value!.payload], [...payload]);
  }));
});
