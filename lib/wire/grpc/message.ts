/**
 * Messages in a stream of bytes: `byte compressed (0 or 1) | uint32 length | message` (PROTOCOL-HTTP2.md,
 * "Length-Prefixed-Message").
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";

/** Bytes before each message. */
export const PREFIX_BYTES = 5;

/** Largest message that is taken if nothing else is said: 4 MiB, as in other gRPC libraries. */
export const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** What stands before a message of `length` bytes. */
export function messagePrefix(length: number): Uint8Array {
  return Uint8Array.of(0, length >>> 24, length >>> 16, length >>> 8, length);
}

/**
 * Cuts a stream of bytes into messages. A message that lies in one piece of input is handed on as a view of it. Memory
 * grows with what has come, not with what a length promises.
 */
export class MessageReader {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Prefix and length of the message that is being read, once the prefix is there. */
  #needed: number | undefined;

  /** Refuses messages of more than `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the stream may end here: between messages. */
  get atBorder(): boolean {
    return this.#bytes === 0;
  }

  /** Takes the next bytes of the stream. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  /**
   * The next message, if all of it is there.
   *
   * @throws {ToolError} `limit_exceeded` when it is too large, `not_implemented` when it is compressed.
   */
  next(): Uint8Array | undefined {
    if (this.#needed === undefined) {
      if (this.#bytes < PREFIX_BYTES) return undefined;
      this.#needed = PREFIX_BYTES + this.#readPrefix(this.#peek(PREFIX_BYTES));
    }
    if (this.#bytes < this.#needed) return undefined;
    const message = this.#peek(this.#needed).subarray(PREFIX_BYTES, this.#needed);
    this.#drop(this.#needed);
    this.#needed = undefined;
    return message;
  }

  #readPrefix(prefix: Uint8Array): number {
    const [compressed] = prefix;
    if (compressed === 1) {
      throw new ToolError("not_implemented", "compressed message, which nobody asked for");
    }
    if (compressed !== 0) throw new ToolError("bad_parameter", "malformed message prefix");
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(1);
    if (length > this.#maxBytes) {
      throw new ToolError(
        "limit_exceeded",
        `message of ${length} bytes is larger than the limit of ${this.#maxBytes} bytes`,
      );
    }
    return length;
  }

  /** At least the first `length` bytes in one piece. */
  #peek(length: number): Uint8Array {
    const [first] = this.#parts;
    if (first!.length >= length) return first!;
    // All that is there, at least of a whole message: so that no byte is moved twice.
    const joined = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#parts = [joined];
    return joined;
  }

  #drop(length: number): void {
    const first = this.#parts[0]!;
    if (first.length === length) this.#parts.shift();
    else this.#parts[0] = first.subarray(length);
    this.#bytes -= length;
  }
}
