import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import fc from "fast-check";
import { isToolError } from "../errors/mod.ts";
import { ProxySSHRequestSchema, ProxySSHResponseSchema } from "./gen/transport_pb.ts";
import { readSshFrame, sshFramePrefix } from "./ssh_frames.ts";

const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.integer({ min: 0, max: 70_000 }).map((length) => new Uint8Array(length).fill(7)),
);

Deno.test("a frame that is written by hand is the message that protobuf knows", () => {
  fc.assert(fc.property(payloads, (payload) => {
    const message = Uint8Array.from([...sshFramePrefix(payload.length), ...payload]);
    const { frame } = fromBinary(ProxySSHRequestSchema, message);
    assert.equal(frame.case, "ssh");
    assert.deepEqual(frame.value && [...frame.value.payload], [...payload]);
  }));
});

Deno.test("readSshFrame() finds what protobuf wrote, with details before it or not", () => {
  fc.assert(fc.property(payloads, fc.boolean(), (payload, withDetails) => {
    const message = toBinary(
      ProxySSHResponseSchema,
      create(ProxySSHResponseSchema, {
        ...withDetails ? { details: { fipsEnabled: true } } : {},
        frame: { case: "ssh", value: { payload } },
      }),
    );
    const read = readSshFrame(message);
    // An empty field is not written at all.
    assert.deepEqual([...read ?? []], [...payload]);
  }));
});

Deno.test("readSshFrame() gives nothing for messages without SSH bytes", () => {
  const details = create(ProxySSHResponseSchema, { details: { fipsEnabled: false } });
  assert.equal(readSshFrame(toBinary(ProxySSHResponseSchema, details)), undefined);
  const agent = create(ProxySSHResponseSchema, {
    frame: { case: "agent", value: { payload: Uint8Array.of(1) } },
  });
  assert.equal(readSshFrame(toBinary(ProxySSHResponseSchema, agent)), undefined);
  assert.equal(readSshFrame(new Uint8Array()), undefined);
});

Deno.test("readSshFrame() skips fields of every kind that it does not know", () => {
  const unknown = [0x78, 0xff, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4, 0x7a, 1, 9];
  const message = Uint8Array.from([...unknown, ...sshFramePrefix(2), 5, 6, ...unknown]);
  assert.deepEqual([...readSshFrame(message)!], [5, 6]);
});

Deno.test("no bytes make readSshFrame() fail in another way than malformed", () => {
  const whole = Uint8Array.from([...sshFramePrefix(3), 1, 2, 3]);
  for (let length = 1; length < whole.length; length++) {
    assert.throws(
      () => readSshFrame(whole.subarray(0, length)),
      (error) => isToolError(error, "bad_parameter"),
    );
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    try {
      readSshFrame(bytes);
    } catch (error) {
      assert.ok(isToolError(error, "bad_parameter"));
    }
  }));
});
