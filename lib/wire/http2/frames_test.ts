import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, ErrorCode, type Frame, FrameReader } from "./frames.ts";

const frame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  flags: fc.integer({ min: 0, max: 255 }),
  streamId: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  payload: fc.uint8Array({ maxLength: 300 }),
}, { noNullPrototype: true });

/** Cuts bytes at the given places. */
function pieces(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const at = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

Deno.test("FrameReader finds the same frames wherever their bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (frames, cuts) => {
        const bytes = new Uint8Array(
          frames.flatMap((
            { type, flags, streamId, payload },
          ) => [...encodeFrame(type, flags, streamId, payload)]),
        );
        const found: Frame[] = [];
        const reader = new FrameReader(
          300,
          (frame) => found.push({ ...frame, payload: frame.payload.slice() }),
        );
        for (const piece of pieces(bytes, cuts)) reader.push(piece);
        assert.deepEqual(found, frames);
      },
    ),
  );
});

Deno.test("FrameReader leaves the payloads that it has handed on alone", () => {
  const found: Uint8Array[] = [];
  const reader = new FrameReader(100, ({ payload }) => found.push(payload));
  const bytes = new Uint8Array(
    [1, 2, 3].flatMap((n) => [...encodeFrame(0, 0, 1, new Uint8Array(20).fill(n))]),
  );
  for (const byte of bytes) reader.push(Uint8Array.of(byte));
  assert.deepEqual(found.map((payload) => payload[0]), [1, 2, 3]);
  assert.deepEqual(found.map((payload) => payload[19]), [1, 2, 3]);
});

Deno.test("FrameReader refuses a frame by its length alone, and ignores the reserved bit", () => {
  const header = encodeFrame(0, 0, 1, new Uint8Array(101)).subarray(0, 9);
  for (const cut of [3, 9]) {
    const reader = new FrameReader(100, () => {});
    assert.throws(() => {
      reader.push(header.subarray(0, cut));
      reader.push(header.subarray(cut));
    }, { code: ErrorCode.FRAME_SIZE_ERROR });
  }
  let streamId = 0;
  new FrameReader(100, (frame) => streamId = frame.streamId).push(
    Uint8Array.of(0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
  );
  assert.equal(streamId, 2 ** 31 - 1);
});
