/**
 * HTTP/2's frames (RFC 9113 §4 and §6): numbers, and reading and writing their nine-byte headers.
 *
 *     uint24 length | byte type | byte flags | 1 bit reserved, 31 bits stream id | payload
 *
 * @module
 */

/** Frame types (RFC 9113 §6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags; END_STREAM and ACK share a bit, on different types. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Error codes (RFC 9113 §7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** Settings (RFC 9113 §6.5.2). */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** What a client says first (RFC 9113 §3.4). */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 9;

/** Largest payload before settings say otherwise, and bounds of the setting (RFC 9113 §6.5.2). */
export const DEFAULT_MAX_FRAME_BYTES = 16_384;
/** Largest payload that a setting can allow. */
export const LARGEST_MAX_FRAME_BYTES = 16_777_215;

/** Window of a connection, and of a stream before settings say otherwise (RFC 9113 §6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;
/** Largest window (RFC 9113 §6.9.1). */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/** A frame as it came in. */
export interface Frame {
  /** Of {@linkcode FrameType}, or unknown. */
  type: number;
  /** Of {@linkcode Flag}. */
  flags: number;
  /** 0 is the connection itself. */
  streamId: number;
  /** A view that is valid until the next frame is read. */
  payload: Uint8Array;
}

/** The connection cannot go on; it ends with GOAWAY and this code. */
export class ConnectionError extends Error {
  override readonly name: string = "ConnectionError";
  /** Of {@linkcode ErrorCode}. */
  readonly code: number;

  /** Makes an error for the code. */
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Writes a frame's header into `into` at `at`. */
export function writeFrameHeader(
  into: Uint8Array,
  at: number,
  { length, type, flags, streamId }: {
    length: number;
    type: number;
    flags: number;
    streamId: number;
  },
): void {
  into[at] = length >>> 16;
  into[at + 1] = length >>> 8;
  into[at + 2] = length;
  into[at + 3] = type;
  into[at + 4] = flags;
  into[at + 5] = streamId >>> 24;
  into[at + 6] = streamId >>> 16;
  into[at + 7] = streamId >>> 8;
  into[at + 8] = streamId;
}

/** A whole frame. */
export function encodeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, { length: payload.length, type, flags, streamId });
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Cuts a stream of bytes into frames. A frame that lies in one piece of input is handed on as a view of it; only one
 * that is spread over several is copied together.
 */
export class FrameReader {
  readonly #maxPayloadBytes: number;
  readonly #onFrame: (frame: Frame) => void;
  /** The start of a frame whose rest has not come. */
  #partial: Uint8Array = new Uint8Array(0);
  #partialLength = 0;

  /**
   * Starts at the border of a frame.
   *
   * @param maxPayloadBytes Larger frames are a FRAME_SIZE_ERROR.
   * @param onFrame Called for each frame, in order.
   */
  constructor(maxPayloadBytes: number, onFrame: (frame: Frame) => void) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#onFrame = onFrame;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {ConnectionError} FRAME_SIZE_ERROR, or what `onFrame` throws.
   */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    if (this.#partialLength > 0) rest = this.#complete(rest);
    while (rest.length >= FRAME_HEADER_BYTES) {
      const total = this.#totalLength(rest);
      if (rest.length < total) break;
      this.#emit(rest.subarray(0, total));
      rest = rest.subarray(total);
    }
    if (rest.length > 0) this.#keep(rest);
  }

  /** Fills up the frame that was begun; gives back what comes after it. */
  #complete(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    if (this.#partialLength < FRAME_HEADER_BYTES) rest = this.#fill(rest, FRAME_HEADER_BYTES);
    if (this.#partialLength < FRAME_HEADER_BYTES) return rest;
    const total = this.#totalLength(this.#partial);
    this.#reserve(total);
    rest = this.#fill(rest, total);
    if (this.#partialLength < total) return rest;
    const frame = this.#partial.subarray(0, total);
    // The payload may live on in a queue, so its memory is not used again.
    this.#partial = new Uint8Array(0);
    this.#partialLength = 0;
    this.#emit(frame);
    return rest;
  }

  #fill(bytes: Uint8Array, upTo: number): Uint8Array {
    const count = Math.min(bytes.length, upTo - this.#partialLength);
    this.#partial.set(bytes.subarray(0, count), this.#partialLength);
    this.#partialLength += count;
    return bytes.subarray(count);
  }

  #keep(bytes: Uint8Array): void {
    const needed = bytes.length >= FRAME_HEADER_BYTES
      ? this.#totalLength(bytes)
      : FRAME_HEADER_BYTES;
    this.#partialLength = 0;
    this.#reserve(needed);
    this.#fill(bytes, needed);
  }

  #reserve(length: number): void {
    if (this.#partial.length >= length) return;
    const larger = new Uint8Array(length);
    larger.set(this.#partial.subarray(0, this.#partialLength));
    this.#partial = larger;
  }

  #totalLength(header: Uint8Array): number {
    const length = (header[0]! << 16) | (header[1]! << 8) | header[2]!;
    if (length > this.#maxPayloadBytes) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "frame is larger than allowed");
    }
    return FRAME_HEADER_BYTES + length;
  }

  #emit(frame: Uint8Array): void {
    const streamId = ((frame[5]! & 0x7f) << 24) | (frame[6]! << 16) | (frame[7]! << 8) | frame[8]!;
    const payload = frame.subarray(FRAME_HEADER_BYTES);
    this.#onFrame({ type: frame[3]!, flags: frame[4]!, streamId, payload });
  }
}
