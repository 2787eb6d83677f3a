/**
 * One HTTP/2 connection (RFC 9113), as client or as server, over any byte stream.
 *
 * Just what gRPC needs: no push, no priorities, no upgrade from HTTP/1.1. It exists because Deno 2.9's own node:http2
 * corrupts memory when a GOAWAY comes after some load (denoland/deno#36788), which would let any client end the cluster.
 *
 * What a peer can make it hold is bounded: streams, header lists, frames, data that nobody has read, answers that the
 * peer does not fetch.
 *
 *     socket → Receiver (frames, rules) → Http2Stream ⇄ the application
 *     socket ← Sender (turns, windows)  ← Http2Stream
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { ToolError } from "../../errors/mod.ts";
import { closeSocket } from "./close_socket.ts";
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  encodeFrame,
  ErrorCode,
  FrameType,
  PREFACE,
  Setting,
} from "./frames.ts";
import { isWellFormed } from "./header_rules.ts";
import { encodeHeaders } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";
import { LifeSigns } from "./life_signs.ts";
import {
  CONNECTION_WINDOW_BYTES,
  DEFAULT_MAX_CONCURRENT_STREAMS,
  MAX_FRAME_BYTES,
  MAX_HEADER_BYTES,
  STREAM_WINDOW_BYTES,
} from "./limits.ts";
import { ReceiveCredit } from "./receive_credit.ts";
import { Receiver, type ReceiverHost } from "./receiver.ts";
import { headerFrames, resetFrame, Sender, uint32, windowFrame } from "./sender.ts";
import { DEFAULT_PEER_SETTINGS, encodeSettings } from "./settings.ts";
import { StreamTable } from "./stream_table.ts";
import type { Http2Stream, StreamOwner } from "./stream.ts";

/** What a connection needs. */
export interface Http2ConnectionOptions {
  /** Which side this is. */
  role: "client" | "server";
  /**
   * Server: answers a request. Until the promise settles the request counts as running, even when the peer has reset it;
   * a peer that has too many is refused more.
   */
  onRequest?: (stream: Http2Stream, headers: readonly Header[]) => Promise<void>;
  /** Server: requests that may run at once; 100 when absent. */
  maxConcurrentStreams?: number;
  /**
   * Server: how long the client may take to say that it speaks HTTP/2 (RFC 9113 §3.4), in milliseconds. Without end when
   * absent.
   */
  greetingMs?: number;
  /**
   * When nothing has come for so many milliseconds, the peer is asked for a sign of life; when it gives none for as long
   * again, the connection ends. Never asked when absent: some servers take it ill.
   */
  keepAliveMs?: number;
}

/** One HTTP/2 connection. */
export class Http2Connection {
  readonly #socket: Duplex;
  readonly #isClient: boolean;
  readonly #onRequest: Http2ConnectionOptions["onRequest"];
  readonly #maxRunning: number;
  readonly #sender: Sender;
  readonly #credit: ReceiveCredit;
  readonly #receiver: Receiver;
  readonly #streams: StreamTable;
  readonly #owner: StreamOwner;
  readonly #lifeSigns: LifeSigns;
  readonly #closed = Promise.withResolvers<ToolError | undefined>();
  readonly #pings: (() => void)[] = [];
  #waitingForSlot: (() => void)[] = [];
  /** Requests whose handler has not come to its end. */
  #running = 0;
  /** No new streams: one side has said GOAWAY. */
  #draining = false;
  #ended = false;

  /**
   * Begins to speak HTTP/2.
   *
   * @param socket The byte stream. The connection owns it from now on.
   */
  constructor(socket: Duplex, options: Http2ConnectionOptions) {
    this.#socket = socket;
    this.#isClient = options.role === "client";
    this.#onRequest = options.onRequest;
    this.#maxRunning = options.maxConcurrentStreams ?? DEFAULT_MAX_CONCURRENT_STREAMS;
    this.#sender = new Sender(
      socket,
      DEFAULT_PEER_SETTINGS.maxFrameBytes,
      (error) => queueMicrotask(() => this.#fail(error)),
    );
    this.#credit = new ReceiveCredit(this.#sender);
    this.#streams = new StreamTable(this.#isClient);
    this.#owner = this.#makeOwner();
    this.#receiver = new Receiver(this.#makeHost());
    // Frames are put together before they are written; what is written should go out.
    if ("setNoDelay" in socket && typeof socket.setNoDelay === "function") socket.setNoDelay(true);
    this.#greet();
    // Not as a Buffer: its subarray() is slow, and its slice() is no copy.
    socket.on("data", (chunk: Uint8Array) => {
      this.#onBytes(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    });
    this.#lifeSigns = new LifeSigns({
      greetingMs: options.greetingMs,
      keepAliveMs: options.keepAliveMs,
      ping: () => this.ping(),
      onNoGreeting: (error) => this.#fail(error),
      onGone: (error) => this.#end(error),
    });
    socket.on("end", () => this.#lost());
    socket.on("close", () => this.#lost());
    socket.on("error", (cause) => this.#lost(cause));
  }

  /** Resolves when the connection has ended and its socket is closed; with the reason, unless one side had announced it. */
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
  async request(headers: readonly Header[]): Promise<Http2Stream> {
    while (this.usable && this.#streams.size >= this.#receiver.peer.maxConcurrentStreams) {
      await new Promise<void>((resolve) => this.#waitingForSlot.push(resolve));
    }
    if (!this.usable) throw new ToolError("connection", "connection is closed");
    const stream = this.#streams.addOwn(this.#owner, this.#windows());
    this.#owner.sendHeaders(stream, encodeHeaders(headers));
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
    this.#wakeWaiting();
    this.#finishIfIdle();
  }

  /** Ends the connection at once; what runs fails with `reason`. */
  destroy(reason: ToolError = new ToolError("connection", "connection was closed")): void {
    if (this.#ended) return;
    this.#goAway(ErrorCode.NO_ERROR);
    this.#end(reason);
  }

  #greet(): void {
    const settings = encodeSettings([
      [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
      [Setting.MAX_FRAME_SIZE, MAX_FRAME_BYTES],
      [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_BYTES],
      this.#isClient
        ? [Setting.ENABLE_PUSH, 0]
        : [Setting.MAX_CONCURRENT_STREAMS, this.#maxRunning],
    ]);
    if (this.#isClient) this.#sender.control(PREFACE);
    this.#sender.control(encodeFrame(FrameType.SETTINGS, 0, 0, settings));
    this.#sender.control(windowFrame(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES));
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#lifeSigns.heard();
    try {
      this.#receiver.push(bytes);
    } catch (cause) {
      const isPeers = cause instanceof ConnectionError;
      this.#fail(
        isPeers
          ? cause
          : new ConnectionError(ErrorCode.INTERNAL_ERROR, "internal error", { cause }),
      );
    }
  }

  /** What the receiver works on. */
  #makeHost(): ReceiverHost {
    return {
      isClient: this.#isClient,
      streams: this.#streams,
      sender: this.#sender,
      credit: this.#credit,
      onRequest: (streamId, headers, endStream) => this.#onNewStream(streamId, headers, endStream),
      onSettings: () => {
        this.#lifeSigns.greeted();
        this.#wakeWaiting();
      },
      onPong: () => this.#pings.shift()?.(),
      onGoAway: (lastStreamId) => this.#onGoAway(lastStreamId),
      reset: (stream, code) => this.#reset(stream, code),
      forget: (stream) => this.#forget(stream),
    };
  }

  /** What streams ask for. */
  #makeOwner(): StreamOwner {
    return {
      sendHeaders: (stream, block) => {
        const { maxFrameBytes } = this.#receiver.peer;
        for (const frame of headerFrames(stream.id, block, { endStream: false, maxFrameBytes })) {
          this.#sender.control(frame);
        }
      },
      ready: (stream) => {
        if (this.#streams.has(stream)) this.#sender.ready(stream);
      },
      consumed: (stream, bytes) => {
        if (this.#streams.has(stream)) this.#credit.consumed(stream, bytes);
        else if (!this.#ended) this.#credit.giveBack(bytes);
      },
      reset: (stream, code) => this.#reset(stream, code),
      finished: (stream) => {
        // Perhaps by us, before the peer had said everything.
        if (!stream.remoteEnded) this.#streams.rememberEnded(stream.id);
        this.#forget(stream);
      },
    };
  }

  #onNewStream(streamId: number, headers: readonly Header[], endStream: boolean): void {
    if (this.#draining) return this.#streams.rememberEnded(streamId);
    if (this.#running >= this.#maxRunning) return this.#refuse(streamId, ErrorCode.REFUSED_STREAM);
    if (!isWellFormed(headers, "request")) return this.#refuse(streamId, ErrorCode.PROTOCOL_ERROR);
    const stream = this.#streams.accept(this.#owner, streamId, this.#windows());
    if (endStream) stream.receiveEnd();
    this.#running++;
    const done = () => {
      this.#running--;
      this.#finishIfIdle();
    };
    this.#onRequest!(stream, headers).catch(() => this.#reset(stream, ErrorCode.INTERNAL_ERROR))
      .then(done);
  }

  #refuse(streamId: number, code: number): void {
    this.#streams.rememberEnded(streamId);
    this.#sender.control(resetFrame(streamId, code));
  }

  #onGoAway(lastStreamId: number): void {
    this.#draining = true;
    for (const stream of this.#isClient ? this.#streams.all() : []) {
      if (stream.id <= lastStreamId) continue;
      this.#forget(stream);
      stream.fail(new ToolError("connection", "the server takes no more requests"));
    }
    this.#wakeWaiting();
    this.#finishIfIdle();
  }

  #windows(): { sendWindow: number; receiveWindow: number } {
    return {
      sendWindow: this.#receiver.peer.initialWindowBytes,
      receiveWindow: STREAM_WINDOW_BYTES,
    };
  }

  /** Ends a stream at once, both ways. */
  #reset(stream: Http2Stream, code: number): void {
    if (!this.#streams.has(stream)) return;
    this.#streams.rememberEnded(stream.id);
    this.#forget(stream);
    this.#sender.control(resetFrame(stream.id, code));
    const wanted = code === ErrorCode.CANCEL || code === ErrorCode.NO_ERROR;
    stream.fail(
      wanted
        ? new ToolError("cancelled", "request was cancelled")
        : new ToolError("connection", "peer broke HTTP/2"),
    );
  }

  #forget(stream: Http2Stream): void {
    if (!this.#streams.remove(stream)) return;
    this.#sender.forget(stream);
    this.#wakeWaiting();
    this.#finishIfIdle();
  }

  #wakeWaiting(): void {
    const waiting = this.#waitingForSlot;
    this.#waitingForSlot = [];
    for (const wake of waiting) wake();
  }

  #goAway(code: number): void {
    const payload = new Uint8Array([...uint32(this.#streams.lastAccepted), ...uint32(code)]);
    this.#sender.control(encodeFrame(FrameType.GOAWAY, 0, 0, payload));
  }

  #finishIfIdle(): void {
    if (this.#draining && this.#streams.size === 0 && this.#running === 0) this.#end(undefined);
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
    this.#lifeSigns.stop();
    this.#receiver.stop();
    this.#sender.flushControl();
    const error = reason ?? new ToolError("connection", "connection is closed");
    const streams = this.#streams.all();
    this.#streams.clear();
    for (const stream of streams) stream.fail(error);
    this.#wakeWaiting();
    for (const answered of this.#pings.splice(0)) answered();
    closeSocket(this.#socket, () => this.#closed.resolve(this.#draining ? undefined : reason));
  }
}
