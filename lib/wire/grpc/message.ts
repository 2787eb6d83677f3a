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
 * Cuts a stream of bytes into messages. A message that lies in one piece of input is handed on as a view of it; one that
 * is spread over several is copied together. Memory grows with what has come, not with what a length promises, and in
 * however small pieces it comes.
 */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #onAssemble: (bytes: number) => void;
  /** What has come and has not been looked at. */
  #input: Uint8Array[] = [];
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  /** Length of the message that is being read, once its prefix is there. */
  #length: number | undefined;
  /** The message that is being put together, with room for more of it. */
  #body: Uint8Array | undefined;
  #bodyBytes = 0;

  /**
   * Refuses messages of more than `maxBytes`.
   *
   * @param onAssemble Told the length of each message that has to be put together, before it is. What it throws,
   * {@linkcode next} throws.
   */
  constructor(maxBytes: number, onAssemble: (bytes: number) => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#onAssemble = onAssemble;
  }

  /** Whether the stream may end here: between messages. */
  get atBorder(): boolean {
    return this.#prefixBytes === 0 && this.#input.length === 0;
  }

  /** Takes the next bytes of the stream. */
  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#input.push(bytes);
  }

  /**
   * The next message, if all of it is there.
   *
   * @throws {ToolError} `limit_exceeded` when it is too large, `not_implemented` when it is compressed.
   */
  next(): Uint8Array | undefined {
    const length = this.#length ??= this.#nextLength();
    if (length === undefined) return undefined;
    const message = this.#body === undefined && length <= (this.#input[0]?.length ?? 0)
      ? this.#take(length)
      : this.#assemble(length);
    if (message === undefined) return undefined;
    this.#prefixBytes = 0;
    this.#length = undefined;
    return message;
  }

  #nextLength(): number | undefined {
    while (this.#prefixBytes < PREFIX_BYTES) {
      if (this.#input.length === 0) return undefined;
      const bytes = this.#take(PREFIX_BYTES - this.#prefixBytes);
      this.#prefix.set(bytes, this.#prefixBytes);
      this.#prefixBytes += bytes.length;
    }
    return this.#readPrefix();
  }

  #readPrefix(): number {
    const [compressed] = this.#prefix;
    if (compressed === 1) {
      throw new ToolError("not_implemented", "compressed message, which nobody asked for");
    }
    if (compressed !== 0) throw new ToolError("bad_parameter", "malformed message prefix");
    const length = new DataView(this.#prefix.buffer).getUint32(1);
    if (length > this.#maxBytes) {
      throw new ToolError(
        "limit_exceeded",
        `message of ${length} bytes is larger than the limit of ${this.#maxBytes} bytes`,
      );
    }
    return length;
  }

  /** Adds what has come to the message of `length` bytes; gives it when it is whole. */
  #assemble(length: number): Uint8Array | undefined {
    if (this.#body === undefined) {
      this.#onAssemble(length);
      this.#body = new Uint8Array(0);
      this.#bodyBytes = 0;
    }
    while (this.#input.length > 0) {
      const bytes = this.#take(length - this.#bodyBytes);
      this.#grow(this.#bodyBytes + bytes.length, length);
      this.#body.set(bytes, this.#bodyBytes);
      this.#bodyBytes += bytes.length;
      if (this.#bodyBytes < length) continue;
      const message = this.#body;
      this.#body = undefined;
      return message.subarray(0, length);
    }
    return undefined;
  }

  /** Makes room for `needed` bytes of a message of `length`, and for as many again. */
  #grow(needed: number, length: number): void {
    if (needed <= this.#body!.length) return;
    const larger = new Uint8Array(Math.min(length, 2 * needed));
    larger.set(this.#body!.subarray(0, this.#bodyBytes));
    this.#body = larger;
  }

  /** At most `length` bytes off the first piece of input. */
  #take(length: number): Uint8Array {
    const first = this.#input[0] ?? new Uint8Array(0);
    if (first.length > length) this.#input[0] = first.subarray(length);
    else this.#input.shift();
    return first.subarray(0, length);
  }
}
