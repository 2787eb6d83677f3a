import assert from "node:assert/strict";
import { type Duplex, duplexPair } from "node:stream";
import fc from "fast-check";
import {
  encodeFrame,
  ErrorCode,
  Flag,
  type Frame,
  FrameReader,
  FrameType,
  PREFACE,
  Setting,
} from "./frames.ts";
import { encodeHeaders, HeaderDecoder } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";
import { Http2Connection, type Http2ConnectionOptions, type Http2Stream } from "./mod.ts";
import { resetFrame, uint32, windowFrame } from "./sender.ts";
import { encodeSettings } from "./settings.ts";

const REQUEST: Header[] = [[":method", "POST"], [":scheme", "https"], [":path", "/"]];
const RESPONSE: Header[] = [[":status", "200"]];
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A turn of the event loop or two: long enough for whatever goes through a pair of streams. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A peer that writes frames by hand, and keeps those it gets. */
class RawPeer {
  readonly frames: Frame[] = [];
  readonly socket: Duplex;
  ended = false;
  readonly #decoder = new HeaderDecoder({ maxTableBytes: 4096, maxListBytes: 100_000 });

  constructor(socket: Duplex, { reads = true } = {}) {
    this.socket = socket;
    const reader = new FrameReader(
      2 ** 24,
      (frame) => this.frames.push({ ...frame, payload: frame.payload.slice() }),
    );
    if (reads) {
      socket.on(
        "data",
        (bytes: Uint8Array) => reader.push(this.#skipPreface(new Uint8Array(bytes))),
      );
    }
    socket.on("end", () => this.ended = true);
    socket.on("error", () => {});
  }

  #prefaceSeen = false;

  #skipPreface(bytes: Uint8Array): Uint8Array {
    if (this.#prefaceSeen || bytes[0] !== PREFACE[0]) return bytes;
    this.#prefaceSeen = true;
    return bytes.subarray(PREFACE.length);
  }

  send(...frames: Uint8Array[]): void {
    for (const frame of frames) this.socket.write(frame);
  }

  /** A client's first words. */
  greet(...settings: [number, number][]): void {
    this.send(PREFACE, encodeFrame(FrameType.SETTINGS, 0, 0, encodeSettings(settings)));
  }

  of(type: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** Code of the GOAWAY that came, if one did. */
  goAwayCode(): number | undefined {
    const [frame] = this.of(FrameType.GOAWAY);
    return frame && new DataView(frame.payload.buffer, frame.payload.byteOffset).getUint32(4);
  }

  /** Stream and code of each reset. */
  resets(): [number, number][] {
    return this.of(FrameType.RST_STREAM).map(({ streamId, payload }) => [
      streamId,
      new DataView(payload.buffer, payload.byteOffset).getUint32(0),
    ]);
  }

  headers(frame: Frame): Header[] {
    return this.#decoder.decode(frame.payload);
  }
}

const headersFrame = (
  streamId: number,
  headers: readonly Header[] = REQUEST,
  flags: number = Flag.END_HEADERS,
) => encodeFrame(FrameType.HEADERS, flags, streamId, encodeHeaders(headers));
const data = (streamId: number, payload: Uint8Array | string, flags = 0) =>
  encodeFrame(
    FrameType.DATA,
    flags,
    streamId,
    typeof payload === "string" ? utf8(payload) : payload,
  );

/** Ends connections, and waits until their sockets are closed. */
async function end(...connections: Http2Connection[]): Promise<void> {
  for (const connection of connections) connection.destroy();
  await Promise.all(connections.map((connection) => connection.closed));
}

/** A server of ours, and a raw client before it. */
function serve(
  onRequest: Http2ConnectionOptions["onRequest"],
  options: Partial<Http2ConnectionOptions> = {},
): { peer: RawPeer; server: Http2Connection } & AsyncDisposable {
  const [near, far] = duplexPair();
  const server = new Http2Connection(near, { role: "server", onRequest, ...options });
  return { server, peer: new RawPeer(far), [Symbol.asyncDispose]: () => end(server) };
}

/** A client of ours, and a raw server behind it. */
function connect(): { peer: RawPeer; client: Http2Connection } & AsyncDisposable {
  const [near, far] = duplexPair();
  const client = new Http2Connection(near, { role: "client" });
  return { client, peer: new RawPeer(far), [Symbol.asyncDispose]: () => end(client) };
}

/** Both ends ours. */
function pair(
  onRequest: Http2ConnectionOptions["onRequest"],
): { client: Http2Connection; server: Http2Connection } & AsyncDisposable {
  const [near, far] = duplexPair();
  const server = new Http2Connection(far, { role: "server", onRequest });
  const client = new Http2Connection(near, { role: "client" });
  return { client, server, [Symbol.asyncDispose]: () => end(client, server) };
}

async function readAll(stream: Http2Stream): Promise<string> {
  let all = "";
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
    all += text(bytes);
  }
  return all;
}

async function echo(stream: Http2Stream): Promise<void> {
  stream.respond(RESPONSE);
  stream.write(utf8(await readAll(stream)));
  stream.end({ trailers: [["x-done", "yes"]] });
}

/** A handler that runs until its stream is reset, or longer. */
const forever = () => new Promise<void>(() => {});

Deno.test("a request and its response go across, with trailers", async () => {
  await using link = pair(echo);
  const { client, server } = link;
  const stream = await client.request(REQUEST);
  stream.write(utf8("hel"), utf8("lo"));
  stream.end();
  assert.deepEqual(await stream.response, RESPONSE);
  assert.equal(await readAll(stream), "hello");
  assert.deepEqual(stream.trailers, [["x-done", "yes"]]);
  client.close();
  assert.deepEqual(await Promise.all([client.closed, server.closed]), [undefined, undefined]);
});

Deno.test("bodies of any size and cut come across whole", async () => {
  await using link = pair(echo);
  const { client } = link;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 5 }),
      async (sizes) => {
        const stream = await client.request(REQUEST);
        const expected = sizes.map((size, i) => String.fromCharCode(97 + i).repeat(size)).join("");
        for (const [i, size] of sizes.entries()) {
          if (!stream.write(utf8(String.fromCharCode(97 + i).repeat(size)))) await stream.drained();
        }
        stream.end();
        assert.equal(await readAll(stream) === expected, true);
      },
    ),
    { numRuns: 20 },
  );
});

Deno.test("a ping is answered, with the same bytes", async () => {
  await using link = serve(forever);
  const { peer } = link;
  peer.greet();
  peer.send(encodeFrame(FrameType.PING, 0, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
  await settle();
  const [pong] = peer.of(FrameType.PING);
  assert.deepEqual([pong?.flags, pong && [...pong.payload]], [Flag.ACK, [1, 2, 3, 4, 5, 6, 7, 8]]);
});

Deno.test("ping() resolves at the answer, and when the connection ends", async () => {
  await using link = pair(forever);
  const { client, server } = link;
  await client.ping();
  const answered = server.ping();
  server.destroy();
  await answered;
  await client.closed;
});

Deno.test.each<{ what: string; code: number; frames: Uint8Array[] }>([
  {
    what: "HTTP/1.1",
    code: ErrorCode.PROTOCOL_ERROR,
    frames: [utf8("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  },
  { what: "no settings first", code: ErrorCode.PROTOCOL_ERROR, frames: [PREFACE, headersFrame(1)] },
  {
    what: "a frame that is too large",
    code: ErrorCode.FRAME_SIZE_ERROR,
    frames: [PREFACE, encodeFrame(FrameType.SETTINGS, 0, 0, new Uint8Array(70_002))],
  },
])("a client that begins with $what is sent away", async ({ code, frames }) => {
  await using link = serve(forever);
  const { peer, server } = link;
  peer.send(...frames);
  assert.equal((await server.closed)?.code, "connection");
  await settle();
  assert.equal(peer.goAwayCode(), code);
  assert.ok(peer.ended);
});

const settingsFrame = (...settings: [number, number][]) =>
  encodeFrame(FrameType.SETTINGS, 0, 0, encodeSettings(settings));

Deno.test.each<{ what: string; code: number; frames: Uint8Array[] }>([
  { what: "an even stream", code: ErrorCode.PROTOCOL_ERROR, frames: [headersFrame(2)] },
  {
    what: "a stream number that falls",
    code: ErrorCode.STREAM_CLOSED,
    frames: [headersFrame(5), headersFrame(3)],
  },
  { what: "data of no stream", code: ErrorCode.PROTOCOL_ERROR, frames: [data(1, "x")] },
  { what: "data of stream 0", code: ErrorCode.PROTOCOL_ERROR, frames: [data(0, "x")] },
  { what: "headers of stream 0", code: ErrorCode.PROTOCOL_ERROR, frames: [headersFrame(0)] },
  { what: "a reset of no stream", code: ErrorCode.PROTOCOL_ERROR, frames: [resetFrame(1, 0)] },
  { what: "a reset of stream 0", code: ErrorCode.PROTOCOL_ERROR, frames: [resetFrame(0, 0)] },
  { what: "an empty window update", code: ErrorCode.PROTOCOL_ERROR, frames: [windowFrame(0, 0)] },
  {
    what: "a window that is too large",
    code: ErrorCode.FLOW_CONTROL_ERROR,
    frames: [windowFrame(0, 2 ** 31 - 1), windowFrame(0, 2 ** 31 - 1)],
  },
  {
    what: "settings that make a window too large",
    code: ErrorCode.FLOW_CONTROL_ERROR,
    frames: [
      headersFrame(1),
      windowFrame(1, 2 ** 31 - 70_000),
      settingsFrame([Setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1]),
    ],
  },
  {
    what: "a bad frame size",
    code: ErrorCode.PROTOCOL_ERROR,
    frames: [settingsFrame([Setting.MAX_FRAME_SIZE, 100])],
  },
  {
    what: "a bad window size",
    code: ErrorCode.FLOW_CONTROL_ERROR,
    frames: [settingsFrame([Setting.INITIAL_WINDOW_SIZE, 2 ** 31])],
  },
  {
    what: "half a setting",
    code: ErrorCode.FRAME_SIZE_ERROR,
    frames: [encodeFrame(FrameType.SETTINGS, 0, 0, new Uint8Array(3))],
  },
  {
    what: "a short ping",
    code: ErrorCode.FRAME_SIZE_ERROR,
    frames: [encodeFrame(FrameType.PING, 0, 0, new Uint8Array(7))],
  },
  {
    what: "a push",
    code: ErrorCode.PROTOCOL_ERROR,
    frames: [encodeFrame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, 1, new Uint8Array(4))],
  },
  {
    what: "a frame within headers",
    code: ErrorCode.PROTOCOL_ERROR,
    frames: [headersFrame(1, REQUEST, 0), encodeFrame(FrameType.PING, 0, 0, new Uint8Array(8))],
  },
  {
    what: "a continuation of nothing",
    code: ErrorCode.PROTOCOL_ERROR,
    frames: [encodeFrame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, new Uint8Array(0))],
  },
  {
    what: "headers without end",
    code: ErrorCode.ENHANCE_YOUR_CALM,
    frames: [
      headersFrame(1, REQUEST, 0),
      ...Array.from(
        { length: 20 },
        () => encodeFrame(FrameType.CONTINUATION, 0, 1, new Uint8Array(0)),
      ),
    ],
  },
  {
    what: "headers that are too long",
    code: ErrorCode.ENHANCE_YOUR_CALM,
    frames: [headersFrame(1, [...REQUEST, ["x", "y".repeat(33_000)]])],
  },
  {
    what: "headers that are no headers",
    code: ErrorCode.COMPRESSION_ERROR,
    frames: [encodeFrame(FrameType.HEADERS, Flag.END_HEADERS, 1, Uint8Array.of(0x80))],
  },
  {
    what: "padding longer than its frame",
    code: ErrorCode.PROTOCOL_ERROR,
    frames: [headersFrame(1), encodeFrame(FrameType.DATA, Flag.PADDED, 1, Uint8Array.of(5, 0))],
  },
])("$what ends the connection", async ({ code, frames }) => {
  await using link = serve(forever);
  const { peer, server } = link;
  peer.greet();
  peer.send(...frames);
  await settle();
  assert.equal(peer.goAwayCode(), code);
  assert.equal((await server.closed)?.code, "connection");
});

Deno.test.each<{ what: string; headers: Header[] }>([
  { what: "no path", headers: REQUEST.slice(0, 2) },
  { what: "an empty path", headers: [[":method", "POST"], [":scheme", "https"], [":path", ""]] },
  { what: "two paths", headers: [...REQUEST, [":path", "/"]] },
  { what: "a pseudo-header that is not known", headers: [...REQUEST, [":x", "y"]] },
  {
    what: "a pseudo-header behind others",
    headers: [REQUEST[0]!, ["a", "b"], ...REQUEST.slice(1)],
  },
  { what: "a name in upper case", headers: [...REQUEST, ["X-Y", "z"]] },
  { what: "a name with a space", headers: [...REQUEST, ["x y", "z"]] },
  { what: "a value with a line break", headers: [...REQUEST, ["x", "y\r\nz"]] },
  { what: "a header of the connection", headers: [...REQUEST, ["connection", "close"]] },
  { what: "te that wants more than trailers", headers: [...REQUEST, ["te", "gzip"]] },
])("a request with $what is refused, and the connection goes on", async ({ headers }) => {
  await using link = serve(echo);
  const { peer } = link;
  peer.greet();
  peer.send(headersFrame(1, headers), headersFrame(3), data(3, "hi", Flag.END_STREAM));
  await settle();
  assert.deepEqual(peer.resets(), [[1, ErrorCode.PROTOCOL_ERROR]]);
  assert.equal(text(peer.of(FrameType.DATA)[0]!.payload), "hi");
});

Deno.test("data beyond a stream's window resets it, beyond the connection's ends all", async () => {
  await using link = serve(forever);
  const { peer, server } = link;
  peer.greet();
  peer.send(headersFrame(1));
  const chunk = new Uint8Array(64 * 1024);
  for (let i = 0; i <= 32; i++) peer.send(data(1, chunk));
  await settle();
  assert.deepEqual(peer.resets(), [[1, ErrorCode.FLOW_CONTROL_ERROR]]);
  for (let stream = 3; stream <= 19; stream += 2) {
    peer.send(headersFrame(stream));
    for (let i = 0; i < 32; i++) peer.send(data(stream, chunk));
  }
  assert.equal((await server.closed)?.code, "connection");
  await settle();
  assert.equal(peer.goAwayCode(), ErrorCode.FLOW_CONTROL_ERROR);
});

Deno.test("what is read may be sent again", async () => {
  let received = 0;
  await using link = pair(async (stream) => {
    for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
      received += bytes.length;
    }
    stream.respondOnly(RESPONSE, { reset: false });
  });
  const { client } = link;
  for (let i = 0; i < 3; i++) {
    const stream = await client.request(REQUEST);
    for (let sent = 0; sent < 10 * 1024 * 1024; sent += 100_000) {
      if (!stream.write(new Uint8Array(100_000))) await stream.drained();
    }
    stream.end();
    await stream.response;
  }
  assert.equal(received, 3 * 105 * 100_000);
});

Deno.test("what nobody reads does not count against the connection once its stream has ended", async () => {
  await using link = pair(async (stream) => {
    await stream.read();
    stream.respondOnly(RESPONSE, { reset: true });
  });
  const { client } = link;
  // Together 60 MiB, of which the server reads little; the connection's window has 16 MiB.
  for (let i = 0; i < 30; i++) {
    const stream = await client.request(REQUEST);
    for (let sent = 0; sent < 2 * 1024 * 1024 && !stream.signal.aborted; sent += 65_536) {
      if (!stream.write(new Uint8Array(65_536))) await stream.drained();
    }
    await stream.response;
    stream.reset();
  }
});

Deno.test("padding is dropped, and counts", async () => {
  await using link = serve(echo);
  const { peer } = link;
  peer.greet();
  const padded = Uint8Array.of(3, ...utf8("hi"), 0, 0, 0);
  peer.send(headersFrame(1), encodeFrame(FrameType.DATA, Flag.PADDED | Flag.END_STREAM, 1, padded));
  await settle();
  assert.equal(text(peer.of(FrameType.DATA)[0]!.payload), "hi");
});

Deno.test("requests that are reset at once count until their handlers are done", async () => {
  let running = 0;
  const release = Promise.withResolvers<void>();
  await using link = serve(async () => {
    running++;
    await release.promise;
  }, { maxConcurrentStreams: 10 });
  const { peer } = link;
  peer.greet();
  for (let stream = 1; stream < 200; stream += 2) {
    peer.send(headersFrame(stream), resetFrame(stream, ErrorCode.CANCEL));
  }
  await settle();
  assert.equal(running, 10);
  assert.equal(peer.resets().filter(([, code]) => code === ErrorCode.REFUSED_STREAM).length, 90);
  release.resolve();
  await settle();
  peer.send(headersFrame(201));
  await settle();
  assert.equal(running, 11);
});

Deno.test("a peer that asks and never reads is sent away", async () => {
  const [near, far] = duplexPair();
  const server = new Http2Connection(near, { role: "server", onRequest: forever });
  const peer = new RawPeer(far, { reads: false });
  peer.greet();
  const pings = encodeFrame(FrameType.PING, 0, 0, new Uint8Array(8));
  const many = new Uint8Array(pings.length * 1000);
  for (let i = 0; i < 1000; i++) many.set(pings, i * pings.length);
  for (let i = 0; i < 200; i++) {
    peer.send(many);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.match((await server.closed)?.message ?? "", /does not read/);
  // It does not read this goodbye either, so the socket is closed without.
  assert.ok(near.closed);
});

Deno.test("data waits for the peer's windows, and goes on when they grow", async () => {
  await using link = serve(async (stream) => {
    await readAll(stream);
    stream.respond(RESPONSE);
    stream.write(new Uint8Array(100_000));
    stream.end();
  });
  const { peer } = link;
  const received = () =>
    peer.of(FrameType.DATA).reduce((sum, { payload }) => sum + payload.length, 0);
  peer.greet([Setting.INITIAL_WINDOW_SIZE, 1000]);
  peer.send(headersFrame(1, REQUEST, Flag.END_HEADERS | Flag.END_STREAM));
  await settle();
  assert.equal(received(), 1000);
  peer.send(settingsFrame([Setting.INITIAL_WINDOW_SIZE, 500]), windowFrame(1, 400));
  await settle();
  assert.equal(received(), 1000, "the window is negative now");
  peer.send(settingsFrame([Setting.INITIAL_WINDOW_SIZE, 90_000]));
  await settle();
  assert.equal(received(), 65_535, "all that the connection's window allows");
  peer.send(windowFrame(0, 1_000_000));
  await settle();
  assert.equal(received(), 90_400);
  peer.send(windowFrame(1, 1_000_000));
  await settle();
  assert.equal(received(), 100_000);
  assert.equal(peer.of(FrameType.DATA).at(-1)!.flags, Flag.END_STREAM);
  assert.ok(peer.of(FrameType.DATA).every(({ payload }) => payload.length <= 16_384));
});

Deno.test("streams share the connection in turns", async () => {
  await using link = serve(async (stream) => {
    stream.respond(RESPONSE);
    stream.write(new Uint8Array(200_000));
    await forever();
  });
  const { peer } = link;
  peer.greet([Setting.INITIAL_WINDOW_SIZE, 1_000_000]);
  peer.send(headersFrame(1), headersFrame(3), windowFrame(0, 1_000_000));
  await settle();
  const order = peer.of(FrameType.DATA).map(({ streamId }) => streamId);
  assert.deepEqual(order.slice(0, 6), [1, 3, 1, 3, 1, 3]);
});

Deno.test("a reset by the peer ends the handler's stream with its reason", async () => {
  const reason = Promise.withResolvers<unknown>();
  await using link = serve(async (stream) => {
    stream.signal.addEventListener("abort", () => reason.resolve(stream.signal.reason));
    await assert.rejects(stream.read(), { code: "cancelled" });
  });
  const { peer } = link;
  peer.greet();
  peer.send(headersFrame(1), resetFrame(1, ErrorCode.CANCEL));
  assert.equal((await reason.promise as { code: string }).code, "cancelled");
});

Deno.test("a peer that gives no sign of life is given up, one that answers is not", async () => {
  const [near, far] = duplexPair();
  await using silent = serve(forever, { keepAliveMs: 30 });
  const watching = new Http2Connection(near, {
    role: "server",
    onRequest: forever,
    keepAliveMs: 30,
  });
  const client = new Http2Connection(far, { role: "client" });
  silent.peer.greet();
  assert.equal((await silent.server.closed)?.message, "peer gives no sign of life");
  assert.ok(watching.usable);
  await end(watching, client);
});

Deno.test("a handler that throws resets its stream, and no other", async () => {
  await using link = serve(() => Promise.reject(new TypeError("bug")));
  const { peer } = link;
  peer.greet();
  peer.send(headersFrame(1));
  await settle();
  assert.deepEqual(peer.resets(), [[1, ErrorCode.INTERNAL_ERROR]]);
  assert.equal(peer.goAwayCode(), undefined);
});

// What a client bears.

const reply = (streamId: number, headers: readonly Header[], flags: number = Flag.END_HEADERS) =>
  headersFrame(streamId, headers, flags);

Deno.test("a client passes over interim responses and takes trailers", async () => {
  await using link = connect();
  const { client, peer } = link;
  peer.send(settingsFrame());
  const stream = await client.request(REQUEST);
  peer.send(
    reply(1, [[":status", "103"]]),
    reply(1, RESPONSE),
    data(1, "body"),
    reply(1, [["grpc-status", "0"]], Flag.END_HEADERS | Flag.END_STREAM),
  );
  assert.deepEqual(await stream.response, RESPONSE);
  assert.equal(await readAll(stream), "body");
  assert.deepEqual(stream.trailers, [["grpc-status", "0"]]);
});

Deno.test("a client keeps an answer whose server then stops the request", async () => {
  await using link = connect();
  const { client, peer } = link;
  peer.send(settingsFrame());
  const stream = await client.request(REQUEST);
  peer.send(
    reply(1, RESPONSE),
    data(1, "early", Flag.END_STREAM),
    resetFrame(1, ErrorCode.NO_ERROR),
  );
  await settle();
  assert.equal(await readAll(stream), "early");
  assert.ok(stream.signal.aborted, "sending is over");
});

Deno.test.each<{ what: string; frames: Uint8Array[] }>([
  { what: "data before headers", frames: [data(1, "x")] },
  { what: "headers without a status", frames: [reply(1, [["a", "b"]])] },
  {
    what: "an interim response that ends",
    frames: [reply(1, [[":status", "100"]], Flag.END_HEADERS | Flag.END_STREAM)],
  },
  { what: "headers twice", frames: [reply(1, RESPONSE), reply(1, RESPONSE)] },
])("a server that answers with $what breaks that request alone", async ({ frames }) => {
  await using link = connect();
  const { client, peer } = link;
  peer.send(settingsFrame());
  const stream = await client.request(REQUEST);
  const other = await client.request(REQUEST);
  peer.send(...frames, reply(3, RESPONSE, Flag.END_HEADERS | Flag.END_STREAM));
  await assert.rejects(stream.read(), { code: "connection" });
  assert.deepEqual(await other.response, RESPONSE);
  assert.deepEqual(peer.resets(), [[1, ErrorCode.PROTOCOL_ERROR]]);
});

Deno.test("a client obeys GOAWAY: requests above it fail, those below go on, new ones are refused", async () => {
  await using link = connect();
  const { client, peer } = link;
  peer.send(settingsFrame());
  const [first, second] = [await client.request(REQUEST), await client.request(REQUEST)];
  peer.send(encodeFrame(FrameType.GOAWAY, 0, 0, new Uint8Array([...uint32(1), ...uint32(0)])));
  await assert.rejects(second.response, { code: "connection" });
  assert.equal(client.usable, false);
  await assert.rejects(client.request(REQUEST), { code: "connection" });
  peer.send(reply(1, RESPONSE), data(1, "late", Flag.END_STREAM));
  assert.equal(await readAll(first), "late");
  first.end();
  assert.equal(await client.closed, undefined);
});

Deno.test("a client waits while the server takes no more requests at once", async () => {
  await using link = connect();
  const { client, peer } = link;
  peer.send(settingsFrame([Setting.MAX_CONCURRENT_STREAMS, 1]));
  await settle();
  const first = await client.request(REQUEST);
  const second = client.request(REQUEST);
  await settle();
  assert.equal(peer.of(FrameType.HEADERS).length, 1);
  first.end();
  peer.send(reply(1, RESPONSE, Flag.END_HEADERS | Flag.END_STREAM));
  await second;
  await settle();
  assert.equal(peer.of(FrameType.HEADERS).length, 2);
  const third = client.request(REQUEST);
  client.destroy();
  await assert.rejects(third, { code: "connection" });
});

Deno.test("a connection that breaks fails what runs on it", async () => {
  await using link = connect();
  const { client, peer } = link;
  peer.send(settingsFrame());
  const stream = await client.request(REQUEST);
  peer.socket.end();
  await assert.rejects(stream.response, { code: "connection", message: "connection was lost" });
  assert.equal((await client.closed)?.message, "connection was lost");
});

Deno.test("no bytes of a client make a server throw, or stay when they are wrong", async () => {
  const wellFormed = fc.constantFrom(
    headersFrame(1),
    headersFrame(3, REQUEST, Flag.END_HEADERS | Flag.END_STREAM),
    data(1, "hello"),
    data(1, "", Flag.END_STREAM),
    windowFrame(0, 1000),
    windowFrame(1, 5),
    resetFrame(1, 8),
    settingsFrame([Setting.INITIAL_WINDOW_SIZE, 10]),
    encodeFrame(FrameType.PING, 0, 0, new Uint8Array(8)),
    encodeFrame(FrameType.GOAWAY, 0, 0, new Uint8Array(8)),
    encodeFrame(FrameType.PRIORITY, 0, 1, new Uint8Array(5)),
  );
  const anyFrame = fc.tuple(fc.nat(12), fc.nat(255), fc.nat(6), fc.uint8Array({ maxLength: 30 }))
    .map(([type, flags, stream, payload]) => encodeFrame(type, flags, stream, payload));
  const conversation = fc.array(
    fc.oneof({ weight: 3, arbitrary: wellFormed }, anyFrame, fc.uint8Array({ maxLength: 20 })),
    {
      maxLength: 15,
    },
  );
  await fc.assert(
    fc.asyncProperty(conversation, async (frames) => {
      await using link = serve(echo);
      const { peer, server } = link;
      peer.greet();
      peer.send(...frames);
      await new Promise((resolve) => setTimeout(resolve));
      peer.socket.end();
      const reason = await server.closed;
      assert.doesNotMatch(reason?.message ?? "", /internal error/);
    }),
    { numRuns: 300 },
  );
});
