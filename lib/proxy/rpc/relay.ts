import type { Duplex } from "node:stream";

/**
 * Carries bytes between a peer's frames and a stream, both ways at once, each side no faster than the other takes it.
 *
 * The end of the frames ends the stream's writing side, and goes on reading: SSH says its last word after that. When
 * the caller stops reading, the stream is destroyed.
 *
 * @param frames What the peer sends.
 * @param stream Where it goes; destroyed in the end.
 * @returns What comes back, until the stream ends. Throws what the stream or the frames failed with.
 */
export async function* relay(
  frames: AsyncIterable<Uint8Array>,
  stream: Duplex,
): AsyncGenerator<Uint8Array> {
  writeAll(frames, stream).catch((error) => stream.destroy(error));
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } finally {
    stream.destroy();
  }
}

async function writeAll(frames: AsyncIterable<Uint8Array>, stream: Duplex): Promise<void> {
  for await (const frame of frames) {
    if (stream.destroyed) return;
    if (frame.length > 0 && !stream.write(frame)) await drained(stream);
  }
  stream.end();
}

/** Resolves when there is room again, or nobody to have any. */
function drained(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once("drain", resolve);
  stream.once("close", resolve);
  return promise.finally(() => {
    stream.off("drain", resolve);
    stream.off("close", resolve);
  });
}
