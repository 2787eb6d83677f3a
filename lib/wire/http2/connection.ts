/**
 * One HTTP/2 connection (RFC 9113), as client or as server, over any byte stream.
 *
 * Just what gRPC needs: no push, no priorities, no upgrade from HTTP/1.1. It exists because Deno 2.9's own node:http2
 * corrupts memory when a GOAWAY comes after some load (denoland/deno#36788), which would let any client end the cluster.
 *
 * What a peer can make it hold is bounded: streams, header lists, frames, data that nobody has read, answers that the
 * peer does not fetch.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { ToolError } from "../../errors/mod.ts";
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  encodeFrame,
  ErrorCode,
  Flag,
  type Frame,
  FrameReader,
  FrameType,
  MAX_WINDOW_BYTES,
  PREFACE,
  Setting,
} from "./frames.ts";
import { HeaderBlockReader } from "./header_block.ts";
import { isWellFormed } from "./header_rules.ts";
import { encodeHeaders, HeaderDecoder } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";
import { headerFrames, resetFrame, Sender, uint32, windowFrame } from "./sender.ts";
import {
  applySettings,
  DEFAULT_PEER_SETTINGS,
  encodeSettings,
  type PeerSettings,
} from "./settings.ts";
import { Http2Stream, type StreamOwner } from "./stream.ts";

/** Largest frame that we take: four times the default, so that our own peer needs fewer of them. */
const MAX_FRAME_BYTES = 64 * 1024;

/** Bytes that a peer may send on a stream before they are read. */
const STREAM_WINDOW_BYTES = 2 * 1024 * 1024;

/** Bytes that a peer may send on all streams before they are read. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/** Most bytes of a header block, and of the list it makes. */
const MAX_HEADER_BYTES = 32 * 1024;

/** Our table of headers that a peer may refer to: the size that HTTP/2 begins with. */
const HEADER_TABLE_BYTES = 4096;

/** Requests that may run at once on one connection, if nothing else is said. */
const DEFAULT_MAX_CONCURRENT_STREAMS = 256;

/** How long the last words of a connection may take. */
const LINGER_MS = 1000;

/** What a connection needs. */
export interface Http2ConnectionOptions {
  /** Which side this is. */
  role: "client" | "server";
  /**
   * Server: answers a request. Until the promise settles the request counts as running, even when the peer has reset it;
   * a peer that has too many is refused more.
   */
  onRequest?: (stream: Http2Stream, headers: readonly Header[]) => Promise<void>;
  /** Server: requests that may run at once. */
  maxConcurrentStreams?: number;
}

/** One HTTP/2 connection. */
export class Http2Connection implements StreamOwner {
  readonly #socket: Duplex;
  readonly #isClient: boolean;
  readonly #options: Http2ConnectionOptions;
  readonly #sender: Sender;
  readonly #reader: FrameReader;
  readonly #headers: HeaderBlockReader;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #closed = Promise.withResolvers<ToolError | undefined>();
  readonly #pings: (() => void)[] = [];
  /** What is still missing of the client's preface. */
  #preface: Uint8Array;
  #peer: PeerSettings = DEFAULT_PEER_SETTINGS;
  #settled = false;
  /** Last stream of the peer that was begun, and last one that was taken up. */
  #lastSeenStream = 0;
  #lastPeerStream = 0;
  #nextStream = 1;
  #running = 0;
  #receiveWindow = CONNECTION_WINDOW_BYTES;
  #unacknowledgedBytes = 0;
  /** No new streams: one side has said GOAWAY. */
  #draining = false;
  #ended = false;
  #waitingForSlot: (() => void)[] = [];

  /**
   * Begins to speak HTTP/2.
   *
   * @param socket The byte stream. The connection owns it from now on.
   */
  constructor(socket: Duplex, options: Http2ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#isClient = options.role === "client";
    this.#preface = this.#isClient ? new Uint8Array(0) : PREFACE;
    this.#sender = new Sender(
      socket,
      DEFAULT_PEER_SETTINGS.maxFrameBytes,
      (error) => this.#failSoon(error),
    );
    this.#reader = new FrameReader(MAX_FRAME_BYTES, (frame) => this.#onFrame(frame));
    this.#headers = new HeaderBlockReader(
      new HeaderDecoder({ maxTableBytes: HEADER_TABLE_BYTES, maxListBytes: MAX_HEADER_BYTES }),
      MAX_HEADER_BYTES,
      (streamId, headers, endStream) => this.#onHeaders(streamId, headers, endStream),
    );
    // Frames are put together before they are written; what is written should go out.
    if ("setNoDelay" in socket && typeof socket.setNoDelay === "function") socket.setNoDelay(true);
    this.#greet();
    // Not as a Buffer: its subarray() is slow, and its slice() is no copy.
    socket.on("data", (chunk: Uint8Array) => {
      this.#onBytes(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    });
    socket.on("end", () => this.#lost());
    socket.on("close", () => this.#lost());
    socket.on("error", (cause) => this.#lost(cause));
  }

  /** Resolves when the connection has ended; with the reason, unless both sides were done with it. */
  get closed(): Promise<ToolError | undefined> {
    return this.#closed.promise;
  }

  /** Whether a request can be made: the connection lives, and neither side has announced its end. */
  get usable(): boolean {
    return !this.#ended && !this.#draining;
  }

  /**
   * Client: opens a stream and sends the request's headers. Waits while the peer's limit on streams is reached.
   *
   * @throws {ToolError} `connection` when the connection has ended or is about to.
   */
  async request(headers: readonly Header[], { endStream = false } = {}): Promise<Http2Stream> {
    while (this.usable && this.#streams.size >= this.#peer.maxConcurrentStreams) {
      await new Promise<void>((resolve) => this.#waitingForSlot.push(resolve));
    }
    if (!this.usable) throw new ToolError("connection", "connection is closed");
    const stream = this.#addStream(this.#nextStream);
    this.#nextStream += 2;
    this.sendHeaders(stream, encodeHeaders(headers), false);
    if (endStream) stream.end();
    return stream;
  }

  /** Asks for an answer; resolves when it is there, or when the connection has ended. */
  ping(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#sender.control(encodeFrame(FrameType.PING, 0, 0, new Uint8Array(8)));
    return new Promise((resolve) => this.#pings.push(resolve));
  }

  /** Takes no new requests, and ends the connection once those that run are done. */
  close(): void {
    if (this.#ended || this.#draining) return;
    this.#draining = true;
    this.#goAway(ErrorCode.NO_ERROR);
    this.#finishIfIdle();
  }

  /** Ends the connection at once; what runs fails with `reason`. */
  destroy(reason: ToolError = new ToolError("connection", "connection was closed")): void {
    if (this.#ended) return;
    this.#goAway(ErrorCode.NO_ERROR);
    this.#end(reason);
  }

  #greet(): void {
    const limit = this.#options.maxConcurrentStreams ?? DEFAULT_MAX_CONCURRENT_STREAMS;
    const settings = encodeSettings([
      [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
      [Setting.MAX_FRAME_SIZE, MAX_FRAME_BYTES],
      [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_BYTES],
      this.#isClient ? [Setting.ENABLE_PUSH, 0] : [Setting.MAX_CONCURRENT_STREAMS, limit],
    ]);
    if (this.#isClient) this.#sender.control(PREFACE);
    this.#sender.control(encodeFrame(FrameType.SETTINGS, 0, 0, settings));
    this.#sender.control(windowFrame(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES));
  }

  // What comes in.

  #onBytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      const rest = this.#preface.length > 0 ? this.#checkPreface(bytes) : bytes;
      this.#reader.push(rest);
    } catch (error) {
      this.#fail(
        error instanceof ConnectionError
          ? error
          : new ConnectionError(ErrorCode.INTERNAL_ERROR, "internal error", { cause: error }),
      );
    }
  }

  #checkPreface(bytes: Uint8Array): Uint8Array {
    const length = Math.min(bytes.length, this.#preface.length);
    for (let i = 0; i < length; i++) {
      if (bytes[i] !== this.#preface[i]) protocolError("peer does not speak HTTP/2");
    }
    this.#preface = this.#preface.subarray(length);
    return bytes.subarray(length);
  }

  #onFrame(frame: Frame): void {
    if (this.#ended) return;
    if (!this.#settled && frame.type !== FrameType.SETTINGS) protocolError("no settings first");
    if (this.#headers.pending && frame.type !== FrameType.CONTINUATION) {
      protocolError("headers cut off");
    }
    switch (frame.type) {
      case FrameType.DATA:
        return this.#onData(frame);
      case FrameType.HEADERS:
        return this.#headers.begin(frame);
      case FrameType.CONTINUATION:
        return this.#headers.continue(frame);
      case FrameType.SETTINGS:
        return this.#onSettings(frame);
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(frame);
      case FrameType.RST_STREAM:
        return this.#onReset(frame);
      case FrameType.PING:
        return this.#onPing(frame);
      case FrameType.GOAWAY:
        return this.#onGoAway(frame);
      case FrameType.PUSH_PROMISE:
        return protocolError("push, which nobody asked for");
      case FrameType.PRIORITY:
        if (frame.streamId === 0) protocolError("priority of no stream");
        if (frame.payload.length !== 5) sizeError("priority");
        return;
    }
  }

  #onHeaders(streamId: number, headers: readonly Header[], endStream: boolean): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) return this.#onLaterHeaders(stream, headers, endStream);
    if (this.#isClient || streamId % 2 === 0) {
      // Of a stream that has ended already; on others the server may not begin.
      if (!this.#isKnown(streamId)) protocolError("headers of no stream");
      return;
    }
    if (streamId <= this.#lastSeenStream) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "headers of a closed stream");
    }
    this.#lastSeenStream = streamId;
    if (this.#draining) return;
    this.#lastPeerStream = streamId;
    const limit = this.#options.maxConcurrentStreams ?? DEFAULT_MAX_CONCURRENT_STREAMS;
    if (this.#running >= limit) {
      return this.#sender.control(resetFrame(streamId, ErrorCode.REFUSED_STREAM));
    }
    if (!isWellFormed(headers, "request")) {
      return this.#sender.control(resetFrame(streamId, ErrorCode.PROTOCOL_ERROR));
    }
    const opened = this.#addStream(streamId);
    if (endStream) opened.receiveEnd();
    this.#serve(opened, headers);
  }

  /** The response's headers, or trailers. */
  #onLaterHeaders(stream: Http2Stream, headers: readonly Header[], endStream: boolean): void {
    if (stream.remoteClosed) return this.reset(stream, ErrorCode.STREAM_CLOSED);
    if (!this.#isClient || stream.hasResponse) {
      if (!endStream || !isWellFormed(headers, "trailers")) {
        return this.reset(stream, ErrorCode.PROTOCOL_ERROR);
      }
      return stream.receiveEnd(headers);
    }
    if (!isWellFormed(headers, "response")) return this.reset(stream, ErrorCode.PROTOCOL_ERROR);
    const isInterim = headers[0]![1].startsWith("1");
    if (isInterim && endStream) return this.reset(stream, ErrorCode.PROTOCOL_ERROR);
    if (!isInterim) stream.receiveResponse(headers, endStream);
  }

  #serve(stream: Http2Stream, headers: readonly Header[]): void {
    this.#running++;
    const done = () => {
      this.#running--;
      this.#finishIfIdle();
    };
    const failed = () => {
      this.reset(stream, ErrorCode.INTERNAL_ERROR);
      done();
    };
    this.#options.onRequest!(stream, headers).then(done, failed);
  }

  #onData(frame: Frame): void {
    if (frame.streamId === 0) protocolError("data of no stream");
    // Padding counts as much as data (RFC 9113 §6.9.1).
    const cost = frame.payload.length;
    this.#receiveWindow -= cost;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "too much data");
    }
    const payload = withoutPadding(frame);
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) {
      if (!this.#isKnown(frame.streamId)) protocolError("data of no stream");
      return this.#giveBack(cost);
    }
    stream.receiveWindow -= cost;
    if (
      stream.remoteClosed || stream.receiveWindow < 0 || (this.#isClient && !stream.hasResponse)
    ) {
      this.#giveBack(cost);
      const code = stream.remoteClosed
        ? ErrorCode.STREAM_CLOSED
        : stream.receiveWindow < 0
        ? ErrorCode.FLOW_CONTROL_ERROR
        : ErrorCode.PROTOCOL_ERROR;
      return this.reset(stream, code);
    }
    if (cost > payload.length) this.consumed(stream, cost - payload.length);
    stream.receiveData(payload);
    if ((frame.flags & Flag.END_STREAM) !== 0) stream.receiveEnd();
  }

  #onSettings({ flags, streamId, payload }: Frame): void {
    if (streamId !== 0) protocolError("settings of a stream");
    if ((flags & Flag.ACK) !== 0) {
      if (payload.length !== 0) sizeError("settings");
      return;
    }
    const before = this.#peer;
    this.#peer = applySettings(
      this.#settled ? before : { ...before, maxConcurrentStreams: Infinity },
      payload,
    );
    this.#settled = true;
    this.#sender.maxFrameBytes = this.#peer.maxFrameBytes;
    const growth = this.#peer.initialWindowBytes - before.initialWindowBytes;
    for (const stream of growth === 0 ? [] : this.#streams.values()) {
      this.#growStream(stream, growth);
    }
    this.#sender.control(encodeFrame(FrameType.SETTINGS, Flag.ACK, 0, new Uint8Array(0)));
    this.#wakeWaiting();
  }

  #onWindowUpdate({ streamId, payload }: Frame): void {
    if (payload.length !== 4) sizeError("window update");
    const bytes = readUint31(payload);
    if (streamId === 0) {
      if (bytes === 0) protocolError("empty window update");
      return this.#sender.grow(bytes);
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (!this.#isKnown(streamId)) protocolError("window update of no stream");
      return;
    }
    if (bytes === 0) return this.reset(stream, ErrorCode.PROTOCOL_ERROR);
    if (stream.sendWindow + bytes > MAX_WINDOW_BYTES) {
      return this.reset(stream, ErrorCode.FLOW_CONTROL_ERROR);
    }
    this.#growStream(stream, bytes);
  }

  #growStream(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW_BYTES) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "window too large");
    }
    if (stream.queuedBytes > 0) this.#sender.ready(stream);
  }

  #onReset({ streamId, payload }: Frame): void {
    if (payload.length !== 4) sizeError("reset");
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (!this.#isKnown(streamId)) protocolError("reset of no stream");
      return;
    }
    this.#remove(stream);
    stream.fail(errorOfReset(new DataView(payload.buffer, payload.byteOffset).getUint32(0)));
  }

  #onPing({ flags, streamId, payload }: Frame): void {
    if (streamId !== 0) protocolError("ping of a stream");
    if (payload.length !== 8) sizeError("ping");
    if ((flags & Flag.ACK) !== 0) return this.#pings.shift()?.();
    this.#sender.control(encodeFrame(FrameType.PING, Flag.ACK, 0, payload.slice()));
  }

  #onGoAway({ streamId, payload }: Frame): void {
    if (streamId !== 0) protocolError("goaway of a stream");
    if (payload.length < 8) sizeError("goaway");
    this.#draining = true;
    const last = readUint31(payload);
    for (const stream of this.#isClient ? [...this.#streams.values()] : []) {
      if (stream.id <= last) continue;
      this.#remove(stream);
      stream.fail(new ToolError("connection", "the server takes no more requests"));
    }
    this.#wakeWaiting();
    this.#finishIfIdle();
  }

  // What streams ask for.

  /** Sends a header block, now. */
  sendHeaders(stream: Http2Stream, block: Uint8Array, endStream: boolean): void {
    const { maxFrameBytes } = this.#peer;
    for (const frame of headerFrames(stream.id, block, { endStream, maxFrameBytes })) {
      this.#sender.control(frame);
    }
  }

  /** The stream has something to send. */
  ready(stream: Http2Stream): void {
    if (this.#streams.get(stream.id) === stream) this.#sender.ready(stream);
  }

  /** So much of a stream's data has been read: the peer may send as much again. */
  consumed(stream: Http2Stream, bytes: number): void {
    this.#giveBack(bytes);
    if (stream.remoteClosed) return;
    stream.unacknowledgedBytes += bytes;
    if (stream.unacknowledgedBytes < STREAM_WINDOW_BYTES / 4) return;
    stream.receiveWindow += stream.unacknowledgedBytes;
    this.#sender.control(windowFrame(stream.id, stream.unacknowledgedBytes));
    stream.unacknowledgedBytes = 0;
  }

  #giveBack(bytes: number): void {
    this.#unacknowledgedBytes += bytes;
    if (this.#ended || this.#unacknowledgedBytes < CONNECTION_WINDOW_BYTES / 4) return;
    this.#receiveWindow += this.#unacknowledgedBytes;
    this.#sender.control(windowFrame(0, this.#unacknowledgedBytes));
    this.#unacknowledgedBytes = 0;
  }

  /** Ends a stream at once, both ways. */
  reset(stream: Http2Stream, code: number): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#remove(stream);
    this.#sender.control(resetFrame(stream.id, code));
    const cancelled = code === ErrorCode.CANCEL || code === ErrorCode.NO_ERROR;
    stream.fail(
      cancelled
        ? new ToolError("cancelled", "request was cancelled")
        : new ToolError("connection", "peer broke HTTP/2"),
    );
  }

  /** Both halves of a stream are closed. */
  finished(stream: Http2Stream): void {
    this.#remove(stream);
  }

  // Housekeeping.

  #addStream(id: number): Http2Stream {
    const sendWindow = this.#peer.initialWindowBytes;
    const stream = new Http2Stream(this, { id, sendWindow, receiveWindow: STREAM_WINDOW_BYTES });
    this.#streams.set(id, stream);
    return stream;
  }

  #remove(stream: Http2Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#sender.forget(stream);
    this.#giveBack(stream.receivedBytes);
    this.#wakeWaiting();
    this.#finishIfIdle();
  }

  /** Whether a stream of this id has been, so that frames for it may still be under way. */
  #isKnown(streamId: number): boolean {
    const ours = streamId % 2 === (this.#isClient ? 1 : 0);
    return ours ? streamId < this.#nextStream : streamId <= this.#lastSeenStream;
  }

  #wakeWaiting(): void {
    const waiting = this.#waitingForSlot;
    this.#waitingForSlot = [];
    for (const wake of waiting) wake();
  }

  #goAway(code: number): void {
    const payload = new Uint8Array([...uint32(this.#lastPeerStream), ...uint32(code)]);
    this.#sender.control(encodeFrame(FrameType.GOAWAY, 0, 0, payload));
  }

  #finishIfIdle(): void {
    if (this.#draining && !this.#ended && this.#streams.size === 0 && this.#running === 0) {
      this.#end(undefined);
    }
  }

  #failSoon(error: ConnectionError): void {
    queueMicrotask(() => this.#fail(error));
  }

  #fail(error: ConnectionError): void {
    if (this.#ended) return;
    this.#goAway(error.code);
    this.#end(new ToolError("connection", `peer broke HTTP/2: ${error.message}`, { cause: error }));
  }

  #lost(cause?: unknown): void {
    this.#end(new ToolError("connection", "connection was lost", { cause }));
  }

  #end(reason: ToolError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sender.flushControl();
    const error = reason ?? new ToolError("connection", "connection is closed");
    for (const stream of this.#streams.values()) stream.fail(error);
    this.#streams.clear();
    this.#wakeWaiting();
    for (const answered of this.#pings.splice(0)) answered();
    closeSocket(this.#socket);
    this.#closed.resolve(this.#draining ? undefined : reason);
  }
}

/** Lets what was written get out, within bounds, and closes. */
function closeSocket(socket: Duplex): void {
  if (socket.destroyed || socket.writableEnded) {
    socket.destroy();
    return;
  }
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.end(() => socket.destroy());
}

function protocolError(problem: string): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, problem);
}

function sizeError(what: string): never {
  throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} of a wrong size`);
}

function readUint31(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) & MAX_WINDOW_BYTES;
}

/** The payload of a DATA frame between the length of its padding and the padding (RFC 9113 §6.1). */
function withoutPadding({ flags, payload }: Frame): Uint8Array {
  if ((flags & Flag.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) {
    protocolError("padding longer than its frame");
  }
  return payload.subarray(1, payload.length - padding);
}

/** gRPC over HTTP/2, "Errors": what a reset stands for. */
function errorOfReset(code: number): ToolError {
  switch (code) {
    case ErrorCode.CANCEL:
      return new ToolError("cancelled", "the peer cancelled the request");
    case ErrorCode.REFUSED_STREAM:
      return new ToolError("connection", "the peer refused the request");
    case ErrorCode.ENHANCE_YOUR_CALM:
      return new ToolError("limit_exceeded", "the peer asks for less");
    default:
      return new ToolError("connection", `the peer ended the request (HTTP/2 error ${code})`);
  }
}
