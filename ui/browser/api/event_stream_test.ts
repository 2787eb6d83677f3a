import assert from "node:assert/strict";
import fc from "fast-check";
import { EventStreamParser, readEventStream, type StreamEvent } from "./event_stream.ts";

const STREAM = ": hello\n\n" +
  'event: request\ndata: {"a":1}\n\n' +
  ": alive\n\n" +
  "id: 7\nretry: 10\nevent: problem\r\ndata:one\r\ndata: two\r\n\r\n" +
  "data\n\n" +
  "event: nothing\n\n" +
  "data: cut off";

const EVENTS: StreamEvent[] = [
  { type: "request", data: '{"a":1}' },
  { type: "problem", data: "one\ntwo" },
  { type: "message", data: "" },
];

Deno.test("a stream is taken apart as the standard says", () => {
  assert.deepEqual(new EventStreamParser().push(STREAM), EVENTS);
});

Deno.test("wherever the network cuts the stream, the events are the same", () => {
  fc.assert(fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
    const parser = new EventStreamParser();
    const ends = [...cuts.sort((a, b) => a - b), STREAM.length];
    let from = 0;
    const events = ends.flatMap((end) => {
      const part = STREAM.slice(from, end);
      from = end;
      return parser.push(part);
    });
    assert.deepEqual(events, EVENTS);
  }));
});

Deno.test("a line or an event without end is refused before it fills the memory", () => {
  const endless = new EventStreamParser();
  assert.throws(() => endless.push("x".repeat(70_000)), RangeError);
  const many = new EventStreamParser();
  assert.throws(() => many.push("data: 0123456789\n".repeat(10_000)), RangeError);
});

Deno.test("reading cancels the stream when the reader stops, and decodes split characters", async () => {
  let cancelled = false;
  const bytes = new TextEncoder().encode("data: é\n\n");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
    },
    cancel: () => void (cancelled = true),
  });
  for await (const event of readEventStream(body, { silenceMs: 1000 })) {
    assert.equal(event.data, "é");
    break;
  }
  assert.ok(cancelled);
});

Deno.test("a stream that falls silent is given up", async () => {
  const body = new ReadableStream<Uint8Array>();
  await assert.rejects(async () => {
    for await (const _event of readEventStream(body, { silenceMs: 20 }));
  }, /silent/);
});
