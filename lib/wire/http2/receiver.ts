import {
  ConnectionError,
  encodeFrame,
  ErrorCode,
  Flag,
  type Frame,
  FrameReader,
  FrameType,
  MAX_WINDOW_BYTES,
  PREFACE,
} from "./frames.ts";
import {
  checkLength,
  checkNoStream,
  checkPriority,
  errorOfReset,
  protocolError,
  readUint31,
  readUint32,
  withoutPadding,
} from "./frame_checks.ts";
import { HeaderBlockReader } from "./header_block.ts";
import { isWellFormed } from "./header_rules.ts";
import { HeaderDecoder } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";
import { HEADER_TABLE_BYTES, MAX_FRAME_BYTES, MAX_HEADER_BYTES } from "./limits.ts";
import type { ReceiveCredit } from "./receive_credit.ts";
import { resetFrame, type Sender } from "./sender.ts";
import { applySettings, DEFAULT_PEER_SETTINGS, type PeerSettings } from "./settings.ts";
import type { StreamTable } from "./stream_table.ts";
import type { Http2Stream } from "./stream.ts";

/** What a receiver works on, and whom it tells. */
export interface ReceiverHost {
  /** Which side this is. */
  readonly isClient: boolean;
  /** The connection's streams. */
  readonly streams: StreamTable;
  /** Where answers go. */
  readonly sender: Sender;
  /** What the peer may still send. */
  readonly credit: ReceiveCredit;
  /** Server: the client has begun a stream. */
  onRequest(streamId: number, headers: readonly Header[], endStream: boolean): void;
  /** The peer's settings have changed. */
  onSettings(): void;
  /** The peer has answered a ping. */
  onPong(): void;
  /** The peer takes no streams above this one. */
  onGoAway(lastStreamId: number): void;
  /** Ends a stream at once, both ways. */
  reset(stream: Http2Stream, code: number): void;
  /** Forgets a stream that has ended. */
  forget(stream: Http2Stream): void;
}

/** Reads what the peer sends, frame by frame, and holds it to the rules (RFC 9113 §5 and §6). */
export class Receiver {
  readonly #host: ReceiverHost;
  readonly #frames: FrameReader;
  readonly #headers: HeaderBlockReader;
  /** What is still missing of the client's preface. */
  #preface: Uint8Array;
  #settled = false;
  #stopped = false;
  /** The peer's settings so far. */
  peer: PeerSettings = DEFAULT_PEER_SETTINGS;

  /** Starts at the connection's first byte. */
  constructor(host: ReceiverHost) {
    this.#host = host;
    this.#preface = host.isClient ? new Uint8Array(0) : PREFACE;
    this.#frames = new FrameReader(MAX_FRAME_BYTES, (frame) => this.#onFrame(frame));
    this.#headers = new HeaderBlockReader(
      new HeaderDecoder({ maxTableBytes: HEADER_TABLE_BYTES, maxListBytes: MAX_HEADER_BYTES }),
      MAX_HEADER_BYTES,
      (streamId, headers, endStream) => this.#onHeaders(streamId, headers, endStream),
    );
  }

  /**
   * Takes the next bytes.
   *
   * @throws {ConnectionError} When the peer breaks a rule; the connection has to end.
   */
  push(bytes: Uint8Array): void {
    this.#frames.push(this.#preface.length > 0 ? this.#checkPreface(bytes) : bytes);
  }

  /** Looks at no more frames, not even those that have come. */
  stop(): void {
    this.#stopped = true;
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
    if (this.#stopped) return;
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
        return checkPriority(frame);
    }
  }

  #onHeaders(streamId: number, headers: readonly Header[], endStream: boolean): void {
    const { isClient, streams } = this.#host;
    const stream = streams.get(streamId);
    if (stream !== undefined) return this.#onLaterHeaders(stream, headers, endStream);
    // Of a stream that we have ended; anything else a server may not begin, nor a client end twice.
    if (streams.endedByUs(streamId) || (isClient && streams.isKnown(streamId))) return;
    if (isClient) protocolError("headers of no stream");
    if (!streams.begin(streamId)) {
      if (!streams.isKnown(streamId)) protocolError("headers of no stream");
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, "headers of a closed stream");
    }
    this.#host.onRequest(streamId, headers, endStream);
  }

  /** The response's headers, or trailers. */
  #onLaterHeaders(stream: Http2Stream, headers: readonly Header[], endStream: boolean): void {
    const { isClient } = this.#host;
    if (stream.remoteClosed) return this.#host.reset(stream, ErrorCode.STREAM_CLOSED);
    const kind = !isClient || stream.hasResponse ? "trailers" : "response";
    const isInterim = kind === "response" && /^1/.test(headers[0]?.[1] ?? "");
    const mayEnd = kind === "trailers" ? endStream : !(isInterim && endStream);
    if (!mayEnd || !isWellFormed(headers, kind)) {
      return this.#host.reset(stream, ErrorCode.PROTOCOL_ERROR);
    }
    if (kind === "trailers") stream.receiveEnd(headers);
    else if (!isInterim) stream.receiveResponse(headers, endStream);
  }

  #onData(frame: Frame): void {
    if (frame.streamId === 0) protocolError("data of no stream");
    const { credit, streams, isClient } = this.#host;
    // Padding counts as much as data (RFC 9113 §6.9.1).
    const cost = frame.payload.length;
    credit.charge(cost);
    const payload = withoutPadding(frame);
    const stream = streams.get(frame.streamId);
    if (stream === undefined) return this.#onLateData(frame.streamId, cost);
    stream.receiveWindow -= cost;
    const problem = stream.remoteClosed
      ? ErrorCode.STREAM_CLOSED
      : stream.receiveWindow < 0
      ? ErrorCode.FLOW_CONTROL_ERROR
      : isClient && !stream.hasResponse
      ? ErrorCode.PROTOCOL_ERROR
      : undefined;
    if (problem !== undefined) {
      credit.giveBack(cost);
      return this.#host.reset(stream, problem);
    }
    if (cost > payload.length) credit.consumed(stream, cost - payload.length);
    stream.receiveData(payload);
    if ((frame.flags & Flag.END_STREAM) !== 0) stream.receiveEnd();
  }

  /** Data of a stream that has ended: it was under way when we ended it, or the peer breaks the rules. */
  #onLateData(streamId: number, cost: number): void {
    const { credit, streams, sender } = this.#host;
    if (!streams.isKnown(streamId)) protocolError("data of no stream");
    credit.giveBack(cost);
    if (!streams.endedByUs(streamId)) sender.control(resetFrame(streamId, ErrorCode.STREAM_CLOSED));
  }

  #onSettings(frame: Frame): void {
    const { sender, streams } = this.#host;
    checkNoStream(frame, "settings");
    if ((frame.flags & Flag.ACK) !== 0) return checkLength(frame, 0, "settings");
    const before = this.peer;
    // A peer that says nothing of the number of streams sets no limit.
    const base = this.#settled ? before : { ...before, maxConcurrentStreams: Infinity };
    this.peer = applySettings(base, frame.payload);
    this.#settled = true;
    sender.maxFrameBytes = this.peer.maxFrameBytes;
    const growth = this.peer.initialWindowBytes - before.initialWindowBytes;
    for (const stream of growth === 0 ? [] : streams.all()) {
      if (stream.sendWindow + growth > MAX_WINDOW_BYTES) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "window too large");
      }
      this.#growStream(stream, growth);
    }
    sender.control(encodeFrame(FrameType.SETTINGS, Flag.ACK, 0, new Uint8Array(0)));
    this.#host.onSettings();
  }

  #onWindowUpdate(frame: Frame): void {
    checkLength(frame, 4, "window update");
    const bytes = readUint31(frame.payload);
    if (frame.streamId === 0) {
      if (bytes === 0) protocolError("empty window update");
      return this.#host.sender.grow(bytes);
    }
    const stream = this.#streamOf(frame);
    if (stream === undefined) return;
    if (bytes === 0) return this.#host.reset(stream, ErrorCode.PROTOCOL_ERROR);
    if (stream.sendWindow + bytes > MAX_WINDOW_BYTES) {
      return this.#host.reset(stream, ErrorCode.FLOW_CONTROL_ERROR);
    }
    this.#growStream(stream, bytes);
  }

  #growStream(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.queuedBytes > 0) this.#host.sender.ready(stream);
  }

  #onReset(frame: Frame): void {
    checkLength(frame, 4, "reset");
    const stream = this.#streamOf(frame);
    if (stream === undefined) return;
    this.#host.forget(stream);
    stream.fail(errorOfReset(readUint32(frame.payload)));
  }

  #onPing(frame: Frame): void {
    checkNoStream(frame, "ping");
    checkLength(frame, 8, "ping");
    if ((frame.flags & Flag.ACK) !== 0) return this.#host.onPong();
    this.#host.sender.control(encodeFrame(FrameType.PING, Flag.ACK, 0, frame.payload));
  }

  #onGoAway(frame: Frame): void {
    checkNoStream(frame, "goaway");
    if (frame.payload.length < 8) checkLength(frame, 8, "goaway");
    this.#host.onGoAway(readUint31(frame.payload));
  }

  /** The live stream of a frame; frames for one that has ended are no fault, those for one that never was are. */
  #streamOf({ streamId }: Frame): Http2Stream | undefined {
    const { streams } = this.#host;
    const stream = streams.get(streamId);
    if (stream === undefined && !streams.isKnown(streamId)) protocolError("frame of no stream");
    return stream;
  }
}
