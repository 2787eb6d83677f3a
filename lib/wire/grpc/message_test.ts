import assert from "node:assert/strict";
import fc from "fast-check";
import { messagePrefix, MessageReader } from "./message.ts";

/** All messages that can be had now. */
function drain(reader: MessageReader): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let message = reader.next(); message !== undefined; message = reader.next()) {
    messages.push(message);
  }
  return messages;
}

const join = (messages: Uint8Array[]) =>
  new Uint8Array(messages.flatMap((message) => [...messagePrefix(message.length), ...message]));

Deno.test("MessageReader finds the same messages wherever their bytes are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }),
    fc.array(fc.nat(), { maxLength: 40 }),
    (messages, cuts) => {
      const bytes = join(messages);
      const at = [
        0,
        ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
        bytes.length,
      ];
      const reader = new MessageReader(200);
      const found = at.slice(1).flatMap((end, i) => {
        reader.push(bytes.subarray(at[i], end));
        return drain(reader);
      });
      assert.deepEqual(found, messages);
      assert.ok(reader.atBorder);
    },
  ));
});

Deno.test("MessageReader knows that a truncated stream is not at a border", () => {
  const bytes = join([new Uint8Array(10), new Uint8Array(3)]);
  for (let length = 1; length < bytes.length; length++) {
    const reader = new MessageReader(100);
    reader.push(bytes.subarray(0, length));
    const complete = drain(reader).length;
    assert.equal(complete, length < 15 ? 0 : 1);
    assert.equal(reader.atBorder, length === 15);
  }
});

Deno.test("MessageReader refuses a message by its length alone", () => {
  const reader = new MessageReader(1000);
  reader.push(messagePrefix(1001));
  assert.throws(() => reader.next(), {
    code: "limit_exceeded",
    message: /1001 bytes is larger than the limit of 1000/,
  });
  const huge = new MessageReader(1000);
  huge.push(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff));
  assert.throws(() => huge.next(), { code: "limit_exceeded" });
});

Deno.test("MessageReader refuses compressed messages, and flags that mean nothing", () => {
  const compressed = new MessageReader(1000);
  compressed.push(Uint8Array.of(1, 0, 0, 0, 0));
  assert.throws(() => compressed.next(), { code: "not_implemented", message: /compressed/ });
  const odd = new MessageReader(1000);
  odd.push(Uint8Array.of(2, 0, 0, 0, 0));
  assert.throws(() => odd.next(), { code: "bad_parameter" });
});

Deno.test("MessageReader throws nothing else, whatever comes", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (chunks) => {
    const reader = new MessageReader(50);
    try {
      for (const chunk of chunks) {
        reader.push(chunk);
        for (const message of drain(reader)) assert.ok(message.length <= 50);
      }
    } catch (error) {
      assert.ok(
        ["limit_exceeded", "not_implemented", "bad_parameter"].includes(
          (error as { code: string }).code,
        ),
      );
    }
  }));
});

Deno.test("MessageReader tells of each message that comes in pieces, before it keeps any of it", () => {
  const told: number[] = [];
  const reader = new MessageReader(1000, (bytes) => told.push(bytes));
  reader.push(join([new Uint8Array(7), new Uint8Array(0)]));
  assert.equal(drain(reader).length, 2);
  assert.deepEqual(told, []);
  reader.push(messagePrefix(800));
  assert.deepEqual([drain(reader).length, told], [0, [800]]);
  reader.push(new Uint8Array(799));
  assert.deepEqual([drain(reader).length, told], [0, [800]]);
  reader.push(join([new Uint8Array(0)]).subarray(0, 1));
  assert.deepEqual([drain(reader).length, told], [1, [800]]);
});

Deno.test("MessageReader holds about what has come, in however small pieces", () => {
  const input = new Uint8Array(65_536);
  const reader = new MessageReader(1_000_000);
  reader.push(messagePrefix(1_000_000));
  for (let sent = 0; sent < 999_999; sent++) {
    reader.push(input.subarray(0, 1));
    assert.equal(reader.next(), undefined);
  }
  reader.push(input.subarray(0, 1));
  const message = reader.next()!;
  assert.equal(message.length, 1_000_000);
  assert.equal(message.buffer.byteLength, 1_000_000);
});
