import assert from "node:assert/strict";
import fc from "fast-check";
import { ReceivedBytes } from "./received_bytes.ts";

/** Everything that waits, piece by piece. */
function drain(received: ReceivedBytes): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let piece = received.shift(); piece !== undefined; piece = received.shift()) {
    pieces.push(piece);
  }
  return pieces;
}

Deno.test("ReceivedBytes gives the bytes that it took, in order", () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 4000, max: 20_000 }));
  fc.assert(
    fc.property(
      fc.array(fc.record({ size, copies: fc.boolean(), reads: fc.nat(2) }), { maxLength: 40 }),
      (steps) => {
        const received = new ReceivedBytes();
        const pieces: Uint8Array[] = [];
        let sent = 0;
        for (const { size, copies, reads } of steps) {
          const input = new Uint8Array(copies ? size : 100_000);
          const bytes = input.subarray(0, size);
          for (let i = 0; i < size; i++) bytes[i] = sent++ % 251;
          received.push(bytes);
          for (let i = 0; i < reads; i++) pieces.push(...[received.shift()].filter((p) => !!p));
          const read = pieces.reduce((sum, piece) => sum + piece.length, 0);
          assert.equal(received.length, sent - read);
        }
        pieces.push(...drain(received));
        const all = pieces.flatMap((piece) => [...piece]);
        assert.equal(all.length, sent);
        assert.ok(all.every((byte, at) => byte === at % 251));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("what ReceivedBytes holds is in proportion to its bytes, however they are cut", async (t) => {
  const total = 256 * 1024;
  for (const size of [1, 9, 4095, 4096, 16_384, 65_536]) {
    await t.step(`${size} bytes of each 64 KiB`, () => {
      const received = new ReceivedBytes();
      const shared = new Uint8Array(65_536);
      for (let sent = 0; sent < total; sent += size) {
        const input = size < 4096 ? shared : new Uint8Array(65_536);
        received.push(input.subarray(0, size));
      }
      const pieces = drain(received);
      const held = new Set(pieces.map((piece) => piece.buffer));
      const bytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
      assert.ok(bytes <= 4.1 * total, `${bytes} bytes are held`);
      assert.ok(pieces.length <= total / 4096 + 1, `${pieces.length} pieces`);
    });
  }
});

Deno.test("ReceivedBytes forgets what is dropped", () => {
  const received = new ReceivedBytes();
  received.push(Uint8Array.of(1, 2, 3));
  assert.equal(received.clear(), 3);
  assert.equal(received.length, 0);
  received.push(Uint8Array.of(4));
  assert.deepEqual(drain(received), [Uint8Array.of(4)]);
});
