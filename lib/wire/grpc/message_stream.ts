import { ToolError } from "../../errors/mod.ts";
import type { Http2Stream } from "../http2/mod.ts";
import { messagePrefix, MessageReader } from "./message.ts";
import type { MessageBudget } from "./message_budget.ts";

/** Messages, as bytes, both ways over one HTTP/2 stream. What is before and behind them is the caller's. */
export class MessageStream implements Disposable {
  readonly #stream: Http2Stream;
  readonly #reader: MessageReader;
  readonly #budget: MessageBudget | undefined;
  /** Of the budget. */
  #share = 0;

  /**
   * Takes messages of at most `maxMessageBytes`.
   *
   * @param budget Where a message that came in pieces has its share from its beginning until the next such message
   * begins, or the stream is disposed of: whoever got it is at work with it that long.
   */
  constructor(stream: Http2Stream, maxMessageBytes: number, budget?: MessageBudget) {
    this.#stream = stream;
    this.#budget = budget;
    this.#reader = new MessageReader(maxMessageBytes, (bytes) => this.#takeShare(bytes));
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

  /** Keeps nothing any more. */
  [Symbol.dispose](): void {
    this.#takeShare(0);
  }

  #takeShare(bytes: number): void {
    this.#budget?.giveBack(this.#share);
    this.#share = 0;
    this.#budget?.take(bytes);
    this.#share = bytes;
  }
}
