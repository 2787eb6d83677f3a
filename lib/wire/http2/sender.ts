import type { Duplex } from "node:stream";
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  encodeFrame,
  ErrorCode,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  MAX_WINDOW_BYTES,
  writeFrameHeader,
} from "./frames.ts";

/** Bytes that are put together into one write: large enough that calls cost little, small enough to share fairly. */
const BATCH_BYTES = 256 * 1024;

/** Bytes that may wait in the socket before more are made. */
const SOCKET_HIGH_WATER_BYTES = 512 * 1024;

/** Bytes of answers to the peer's control frames that may wait; a peer that asks and never reads gets no more. */
const MAX_WAITING_CONTROL_BYTES = 256 * 1024;

/** Largest payload that is made, whatever the peer would take: other streams want their turn. */
const MAX_QUANTUM_BYTES = 64 * 1024;

/** The sending half of a stream, as the sender sees it. */
export interface Outgoing {
  /** The stream. */
  readonly id: number;
  /** Bytes that wait. */
  readonly queuedBytes: number;
  /** How many bytes the peer takes; may be negative (RFC 9113 §6.9.2). */
  sendWindow: number;
  /** Takes the first `length` bytes off the queue, appending them to `into`. */
  take(length: number, into: Uint8Array[]): void;
  /** What closes the sending half once the queue is empty: frames, or `undefined` while it stays open. */
  ending(): Ending | undefined;
  /** Called when the sending half is closed. */
  ended(): void;
}

/** How a sending half closes. */
export interface Ending {
  /** Header block of the trailers, if there are any. */
  trailers?: Uint8Array;
  /** Whether the peer should stop sending, too. */
  reset: boolean;
}

/**
 * Decides what is written to the socket next: answers to control frames first, then each stream that has something and
 * room for it, in turn. Nothing is made before the socket has room.
 */
export class Sender {
  readonly #socket: Duplex;
  readonly #fail: (error: ConnectionError) => void;
  #control: Uint8Array[] = [];
  #controlBytes = 0;
  /** Streams with something to send, in the order of their turns. */
  readonly #ready = new Set<Outgoing>();
  /** Streams that only the connection's window holds back. */
  readonly #waiting = new Set<Outgoing>();
  /** How many bytes of data the peer takes over all streams. */
  #window = DEFAULT_WINDOW_BYTES;
  #scheduled = false;
  #blocked = false;
  /** The peer's limit on a frame's payload. */
  maxFrameBytes: number;

  /**
   * Writes to `socket`.
   *
   * @param fail Called when the peer breaks the rules of flow control, or never reads.
   */
  constructor(socket: Duplex, maxFrameBytes: number, fail: (error: ConnectionError) => void) {
    this.#socket = socket;
    this.maxFrameBytes = maxFrameBytes;
    this.#fail = fail;
    socket.on("drain", () => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** Sends a frame that no window holds back. */
  control(frame: Uint8Array): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
    if (this.#controlBytes > MAX_WAITING_CONTROL_BYTES) {
      this.#fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "peer does not read"));
    }
    this.#schedule();
  }

  /** Says that a stream has something to send, or more room. */
  ready(stream: Outgoing): void {
    this.#ready.add(stream);
    this.#schedule();
  }

  /** Forgets a stream. */
  forget(stream: Outgoing): void {
    this.#ready.delete(stream);
    this.#waiting.delete(stream);
  }

  /** The peer takes more data over all streams. */
  grow(bytes: number): void {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW_BYTES) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "window too large");
    }
    for (const stream of this.#waiting) this.#ready.add(stream);
    this.#waiting.clear();
    this.#schedule();
  }

  /** Writes all control frames at once, for a connection that is about to end. */
  flushControl(): void {
    if (this.#control.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(concat(this.#control));
    this.#control = [];
    this.#controlBytes = 0;
  }

  /** Puts off writing to the end of the present turn, so that what belongs together goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (!this.#blocked && !this.#socket.destroyed && !this.#socket.writableEnded) {
      const batch = this.#control;
      let bytes = this.#controlBytes;
      this.#control = [];
      this.#controlBytes = 0;
      for (const stream of this.#ready) {
        if (bytes >= BATCH_BYTES) break;
        this.#ready.delete(stream);
        bytes += this.#sendSome(stream, batch);
      }
      if (batch.length === 0) return;
      this.#socket.write(concat(batch));
      this.#blocked = this.#socket.writableLength > SOCKET_HIGH_WATER_BYTES &&
        this.#socket.writableNeedDrain;
    }
  }

  /** One turn of a stream; gives the bytes added to the batch. */
  #sendSome(stream: Outgoing, batch: Uint8Array[]): number {
    const room = Math.min(stream.sendWindow, this.#window, this.maxFrameBytes, MAX_QUANTUM_BYTES);
    const length = Math.max(0, Math.min(stream.queuedBytes, room));
    const empties = length === stream.queuedBytes;
    const ending = empties ? stream.ending() : undefined;
    const endsHere = ending !== undefined && ending.trailers === undefined;
    let bytes = 0;
    if (length > 0 || endsHere) {
      const header = new Uint8Array(FRAME_HEADER_BYTES);
      const flags = endsHere ? Flag.END_STREAM : 0;
      writeFrameHeader(header, 0, { length, type: FrameType.DATA, flags, streamId: stream.id });
      batch.push(header);
      stream.sendWindow -= length;
      this.#window -= length;
      stream.take(length, batch);
      bytes += FRAME_HEADER_BYTES + length;
    }
    if (ending !== undefined) {
      bytes += this.#sendEnding(stream.id, ending, batch);
      stream.ended();
    } else if (stream.queuedBytes > 0 && stream.sendWindow > 0 && this.#window > 0) {
      this.#ready.add(stream);
    } else if (stream.queuedBytes > 0 && this.#window <= 0) {
      this.#waiting.add(stream);
    }
    return bytes;
  }

  #sendEnding(streamId: number, { trailers, reset }: Ending, batch: Uint8Array[]): number {
    const frames = trailers === undefined
      ? []
      : headerFrames(streamId, trailers, { endStream: true, maxFrameBytes: this.maxFrameBytes });
    if (reset) frames.push(resetFrame(streamId, ErrorCode.NO_ERROR));
    batch.push(...frames);
    return frames.reduce((bytes, frame) => bytes + frame.length, 0);
  }
}

/** A header block as one HEADERS frame and as many CONTINUATION frames as it takes (RFC 9113 §4.3). */
export function headerFrames(
  streamId: number,
  block: Uint8Array,
  { endStream, maxFrameBytes }: { endStream: boolean; maxFrameBytes: number },
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < block.length; at += maxFrameBytes) {
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    const flags = (at === 0 && endStream ? Flag.END_STREAM : 0) |
      (at + maxFrameBytes >= block.length ? Flag.END_HEADERS : 0);
    frames.push(encodeFrame(type, flags, streamId, block.subarray(at, at + maxFrameBytes)));
  }
  return frames;
}

/** RST_STREAM (RFC 9113 §6.4). */
export function resetFrame(streamId: number, code: number): Uint8Array {
  return encodeFrame(FrameType.RST_STREAM, 0, streamId, uint32(code));
}

/** WINDOW_UPDATE (RFC 9113 §6.9). */
export function windowFrame(streamId: number, bytes: number): Uint8Array {
  return encodeFrame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(bytes));
}

/** Four bytes, big end first. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
