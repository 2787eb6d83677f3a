import { ToolError } from "../../errors/mod.ts";
import type { Http2Stream } from "../http2/mod.ts";
import { messagePrefix, MessageReader } from "./message.ts";

/** Messages, as bytes, both ways over one HTTP/2 stream. What is before and behind them is the caller's. */
export class MessageStream {
  readonly #stream: Http2Stream;
  readonly #reader: MessageReader;

  /** Takes messages of at most `maxMessageBytes`. */
  constructor(stream: Http2Stream, maxMessageBytes: number) {
    this.#stream = stream;
    this.#reader = new MessageReader(maxMessageBytes);
  }

  /**
   * Sends a message, given in parts that must not be changed afterwards. Resolves when the next one may be sent: a peer
   * that does not read makes this wait.
   *
   * @throws {ToolError} The reason, when the stream has been ended.
   */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    this.#stream.signal.throwIfAborted();
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (this.#stream.write(messagePrefix(length), ...parts)) return;
    await this.#stream.drained();
    this.#stream.signal.throwIfAborted();
  }

  /**
   * The next message, or `undefined` at the end.
   *
   * @throws {ToolError} When the stream fails, ends within a message, or a message is too large.
   */
  async receive(): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.#reader.next();
      if (message !== undefined) return message;
      const bytes = await this.#stream.read();
      if (bytes !== undefined) {
        this.#reader.push(bytes);
      } else if (this.#reader.atBorder) {
        return undefined;
      } else {
        throw new ToolError("connection", "stream ended within a message");
      }
    }
  }
}
