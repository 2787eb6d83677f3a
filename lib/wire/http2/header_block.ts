import { ConnectionError, ErrorCode, Flag, type Frame } from "./frames.ts";
import type { HeaderDecoder } from "./hpack.ts";
import type { Header } from "./hpack_table.ts";

/** Most frames that one header block may be spread over; a peer of good will needs few. */
const MAX_FRAMES = 16;

/** Puts header blocks together from HEADERS and CONTINUATION frames (RFC 9113 §6.2 and §6.10), and decodes them. */
export class HeaderBlockReader {
  readonly #decoder: HeaderDecoder;
  readonly #maxBytes: number;
  readonly #onHeaders: (streamId: number, headers: Header[], endStream: boolean) => void;
  #pending:
    | { streamId: number; endStream: boolean; parts: Uint8Array[]; bytes: number }
    | undefined;

  /**
   * Reads the blocks of one connection.
   *
   * @param maxBytes Longer blocks end the connection.
   * @param onHeaders Called for each whole block.
   */
  constructor(
    decoder: HeaderDecoder,
    maxBytes: number,
    onHeaders: (streamId: number, headers: Header[], endStream: boolean) => void,
  ) {
    this.#decoder = decoder;
    this.#maxBytes = maxBytes;
    this.#onHeaders = onHeaders;
  }

  /** Whether a block has begun and not ended: only CONTINUATION may come. */
  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** Takes a HEADERS frame. */
  begin(frame: Frame): void {
    if (frame.streamId === 0) malformed("headers of no stream");
    const endStream = (frame.flags & Flag.END_STREAM) !== 0;
    this.#pending = { streamId: frame.streamId, endStream, parts: [], bytes: 0 };
    this.#add(fragmentOf(frame), frame.flags);
  }

  /** Takes a CONTINUATION frame. */
  continue(frame: Frame): void {
    if (this.#pending?.streamId !== frame.streamId) malformed("continuation of nothing");
    this.#add(frame.payload, frame.flags);
  }

  #add(fragment: Uint8Array, flags: number): void {
    const pending = this.#pending!;
    pending.parts.push(fragment.slice());
    pending.bytes += fragment.length;
    if (pending.bytes > this.#maxBytes || pending.parts.length > MAX_FRAMES) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too many headers");
    }
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#pending = undefined;
    const block = new Uint8Array(pending.bytes);
    let at = 0;
    for (const part of pending.parts) {
      block.set(part, at);
      at += part.length;
    }
    this.#onHeaders(pending.streamId, this.#decoder.decode(block), pending.endStream);
  }
}

/** The part of a HEADERS frame that is header block: without padding, and the priority that old clients send. */
function fragmentOf({ flags, streamId, payload }: Frame): Uint8Array {
  let [start, end] = [0, payload.length];
  if ((flags & Flag.PADDED) !== 0) {
    end -= payload[0] ?? Infinity;
    start = 1;
  }
  if ((flags & Flag.PRIORITY) !== 0) {
    const priority = payload.subarray(start, start + 4);
    if (priority.length === 4 && dependency(priority) === streamId) {
      malformed("stream that depends on itself");
    }
    start += 5;
  }
  if (start > end) malformed("padding longer than its frame");
  return payload.subarray(start, end);
}

function dependency(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) & 0x7fff_ffff;
}

function malformed(problem: string): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, problem);
}
