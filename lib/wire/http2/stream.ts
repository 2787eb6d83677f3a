import type { ToolError } from "../../errors/mod.ts";
import { ErrorCode } from "./frames.ts";
import { encodeHeaders } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";
import { ReceivedBytes } from "./received_bytes.ts";
import type { Ending, Outgoing } from "./sender.ts";

/** Bytes that may wait in a stream before {@linkcode Http2Stream.write} asks its caller to wait. */
const HIGH_WATER_BYTES = 256 * 1024;

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** Sends a header block, now. */
  sendHeaders(stream: Http2Stream, block: Uint8Array): void;
  /** The stream has something to send. */
  ready(stream: Http2Stream): void;
  /** So much of what came in has been read. */
  consumed(stream: Http2Stream, bytes: number): void;
  /** Ends the stream at once, both ways. */
  reset(stream: Http2Stream, code: number): void;
  /** Both halves are closed. */
  finished(stream: Http2Stream): void;
}

/** One request and its response: two streams of bytes, each with headers before and perhaps trailers behind it. */
export class Http2Stream implements Outgoing {
  /** Odd, and growing with each request. */
  readonly id: number;
  /** Bytes that the peer takes; kept by the connection. */
  sendWindow: number;
  /** Bytes that the peer may still send; kept by the connection. */
  receiveWindow: number;
  /** Bytes read by the application and not yet given back to the peer; kept by the connection. */
  unreportedBytes = 0;

  readonly #owner: StreamOwner;
  readonly #abort = new AbortController();
  readonly #response = Promise.withResolvers<readonly Header[]>();
  /** Whether the response's headers have come (client) or gone (server). */
  #hasResponse = false;
  #trailers: readonly Header[] | undefined;
  readonly #received = new ReceivedBytes();
  #remoteClosed = false;
  /** Whether the peer closed its half by saying so; what it said stays readable whatever happens to the other half. */
  #remoteEnded = false;
  #wakeReader: (() => void) | undefined;

  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #ending: Ending | undefined;
  #localClosed = false;
  #wakeWriters: (() => void)[] = [];

  /** Made by the connection. */
  constructor(
    owner: StreamOwner,
    { id, sendWindow, receiveWindow }: { id: number; sendWindow: number; receiveWindow: number },
  ) {
    this.#owner = owner;
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.#response.promise.catch(() => {});
  }

  /** Aborted, with the reason, when the stream ends in another way than both sides wanted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Client: the response's headers. Rejects when the stream is reset before. */
  get response(): Promise<readonly Header[]> {
    return this.#response.promise;
  }

  /** The headers behind the body, once {@linkcode read} has come to its end and if there are any. */
  get trailers(): readonly Header[] | undefined {
    return this.#trailers;
  }

  /** Client: whether the response's headers have come. */
  get hasResponse(): boolean {
    return this.#hasResponse;
  }

  /** Whether nothing more can come from the peer. */
  get remoteClosed(): boolean {
    return this.#remoteClosed;
  }

  /** Whether the peer has said everything, and said so. */
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Whether everything has been said and sent. */
  get localClosed(): boolean {
    return this.#localClosed;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  // Sending.

  /** Server: whether the response's headers have been sent. */
  get hasResponded(): boolean {
    return this.#hasResponse;
  }

  /** Server: sends the response's headers. */
  respond(headers: readonly Header[]): void {
    if (this.#localClosed) return;
    this.#hasResponse = true;
    this.#owner.sendHeaders(this, encodeHeaders(headers));
  }

  /** Server: sends headers that are the whole response. */
  respondOnly(headers: readonly Header[], { reset }: { reset: boolean }): void {
    if (this.#localClosed || this.#ending !== undefined) return;
    this.#hasResponse = true;
    this.#ending = { trailers: encodeHeaders(headers), reset };
    this.#owner.ready(this);
  }

  /**
   * Sends bytes; they must not be changed afterwards. Nothing happens when the stream has ended.
   *
   * @returns Whether the caller may go on; if not, it should wait for {@linkcode drained}.
   */
  write(...parts: readonly Uint8Array[]): boolean {
    if (this.#localClosed || this.#ending !== undefined) return true;
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#queue.push(part);
      this.#queuedBytes += part.length;
    }
    this.#owner.ready(this);
    return this.#queuedBytes <= HIGH_WATER_BYTES;
  }

  /** Resolves when there is room again, or the stream has ended. */
  drained(): Promise<void> {
    if (this.#localClosed || this.#queuedBytes <= HIGH_WATER_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#wakeWriters.push(resolve));
  }

  /**
   * Says that there is no more to send.
   *
   * @param options `trailers`: headers behind the body. `reset`: the peer should stop sending, because nobody reads.
   */
  end({ trailers, reset = false }: { trailers?: readonly Header[]; reset?: boolean } = {}): void {
    if (this.#localClosed || this.#ending !== undefined) return;
    this.#ending = trailers === undefined
      ? { reset }
      : { trailers: encodeHeaders(trailers), reset };
    this.#owner.ready(this);
  }

  /** Ends the stream at once, both ways; nobody reads what is left. Safe to call when it has ended. */
  reset(code: number = ErrorCode.CANCEL): void {
    this.#discard();
    if (this.#localClosed && this.#remoteClosed) return;
    this.#owner.reset(this, code);
  }

  // Receiving.

  /**
   * The next bytes of the body, or `undefined` at its end.
   *
   * @throws {ToolError} When the stream ended in another way.
   */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.readNow();
      if (bytes !== undefined) return bytes;
      if (!this.#remoteEnded) this.#abort.signal.throwIfAborted();
      if (this.#remoteClosed) return undefined;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  /** The next bytes of the body if they are there. */
  readNow(): Uint8Array | undefined {
    const bytes = this.#received.shift();
    if (bytes === undefined) return undefined;
    this.#owner.consumed(this, bytes.length);
    return bytes;
  }

  // What the connection calls.

  /** Takes the first bytes of the queue. */
  take(length: number, into: Uint8Array[]): void {
    let rest = length;
    let used = 0;
    while (rest > 0) {
      const part = this.#queue[used]!;
      if (part.length <= rest) {
        into.push(part);
        rest -= part.length;
        used++;
      } else {
        into.push(part.subarray(0, rest));
        this.#queue[used] = part.subarray(rest);
        rest = 0;
      }
    }
    this.#queue.splice(0, used);
    this.#queuedBytes -= length;
    if (this.#queuedBytes <= HIGH_WATER_BYTES / 2) this.#wakeAllWriters();
  }

  /** How the sending half closes once its queue is empty. */
  ending(): Ending | undefined {
    return this.#ending && { ...this.#ending, reset: this.#ending.reset && !this.#remoteClosed };
  }

  /** The sending half has closed. */
  ended(): void {
    this.#localClosed = true;
    this.#wakeAllWriters();
    if (this.#ending?.reset) {
      this.#closeRemote();
      this.#discard();
    }
    if (this.#remoteClosed) this.#owner.finished(this);
  }

  /** The response's headers have come. */
  receiveResponse(headers: readonly Header[], endStream: boolean): void {
    this.#hasResponse = true;
    this.#response.resolve(headers);
    if (endStream) this.receiveEnd();
  }

  /** Bytes have come. */
  receiveData(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#received.push(bytes);
    this.#wake();
  }

  /** The peer has said everything. */
  receiveEnd(trailers?: readonly Header[]): void {
    this.#trailers = trailers;
    this.#remoteEnded = true;
    this.#closeRemote();
    if (this.#localClosed) this.#owner.finished(this);
  }

  /** The stream has ended in another way; what waited to be sent is dropped. */
  fail(reason: ToolError): void {
    if (this.#localClosed && this.#remoteClosed) return;
    this.#localClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    if (!this.#remoteEnded) this.#discard();
    this.#abort.abort(reason);
    this.#response.reject(reason);
    this.#closeRemote();
    this.#wakeAllWriters();
  }

  /** Drops what nobody will read, so that it no longer counts against the peer. */
  #discard(): void {
    const bytes = this.#received.clear();
    if (bytes > 0) this.#owner.consumed(this, bytes);
  }

  #closeRemote(): void {
    this.#remoteClosed = true;
    this.#wake();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #wakeAllWriters(): void {
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }
}
