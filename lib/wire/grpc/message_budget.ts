import { ToolError } from "../../errors/mod.ts";

/**
 * How many bytes of requests a connection may keep in memory at once. Flow control alone does not bound them: a message
 * that is being put together has been read, so that the peer may send more.
 *
 * A message takes its share before its first byte is kept, and whoever gets none is refused; nobody waits for another, so
 * that calls cannot lock one another out.
 */
export class MessageBudget {
  #left: number;

  /** For `bytes` altogether. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /**
   * Takes a share.
   *
   * @throws {ToolError} `limit_exceeded` when so much is not left.
   */
  take(bytes: number): void {
    if (bytes > this.#left) {
      throw new ToolError("limit_exceeded", "too many large messages at once on one connection");
    }
    this.#left -= bytes;
  }

  /** Gives a share back. */
  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}
