import assert from "node:assert/strict";
import { duplexPair, PassThrough } from "node:stream";
import fc from "fast-check";
import { relay } from "./relay.ts";

async function* frames(
  ...chunks: (Uint8Array | Promise<Uint8Array>)[]
): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await chunk;
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of bytes) all.push(...chunk);
  return all;
}

Deno.test("relay() carries every byte, however it is cut, and reads on after the last frame", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
    // An echo: says its last word only when it has heard ours.
    const echo = new PassThrough();
    const heard = await collect(relay(frames(...chunks), echo));
    assert.deepEqual(heard, chunks.flatMap((chunk) => [...chunk]));
  }));
});

Deno.test("relay() waits for a stream that takes its time", async () => {
  const [near, far] = duplexPair({ highWaterMark: 1024 });
  let asked = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; asked < 1000; asked++) yield new Uint8Array(1024);
  }
  const received = collect(relay(endless(), near));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(asked < 10, `${asked} frames were taken although nobody reads`);
  let bytes = 0;
  far.on("data", (chunk) => bytes += chunk.length);
  far.on("end", () => far.end());
  await received;
  assert.equal(bytes, 1000 * 1024);
});

Deno.test("relay() destroys the stream when its reader stops", async () => {
  const [near, far] = duplexPair();
  far.write("hello");
  const never = new Promise<Uint8Array>(() => {});
  for await (const _ of relay(frames(never), near)) break;
  assert.ok(near.destroyed);
});

Deno.test("relay() fails with what the frames or the stream failed with", async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    await Promise.reject(new Error("frames broke"));
  }
  await assert.rejects(collect(relay(broken(), new PassThrough())), { message: "frames broke" });
  const stream = new PassThrough();
  const never = new Promise<Uint8Array>(() => {});
  const received = collect(relay(frames(never), stream));
  stream.destroy(new Error("stream broke"));
  await assert.rejects(received, { message: "stream broke" });
});

Deno.test("relay() ends quietly when the stream goes away while frames still come", async () => {
  const [near, far] = duplexPair();
  const more = Promise.withResolvers<Uint8Array>();
  const received = collect(relay(frames(new Uint8Array(1), more.promise), near));
  far.end("bye");
  assert.deepEqual(await received, [...new TextEncoder().encode("bye")]);
  more.resolve(new Uint8Array(1));
});
