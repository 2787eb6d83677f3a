import { ConnectionError, ErrorCode } from "./frames.ts";
import { CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES } from "./limits.ts";
import { type Sender, windowFrame } from "./sender.ts";
import type { Http2Stream } from "./stream.ts";

/** Share of a window that is read before the peer hears of it: fewer frames, and the peer never has to stop. */
const REPORT_SHARE = 1 / 4;

/** How much the peer may still send: over all streams, and on each (RFC 9113 §6.9). It gets back what has been read. */
export class ReceiveCredit {
  readonly #sender: Sender;
  #window = CONNECTION_WINDOW_BYTES;
  #unreported = 0;

  /** Window updates go to `sender`. */
  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Data has come in. Throws FLOW_CONTROL_ERROR when it is more than was allowed. */
  charge(bytes: number): void {
    this.#window -= bytes;
    if (this.#window < 0) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "too much data");
  }

  /** Data has been read or dropped: as much may come again over all streams. */
  giveBack(bytes: number): void {
    this.#unreported += bytes;
    if (this.#unreported < CONNECTION_WINDOW_BYTES * REPORT_SHARE) return;
    this.#window += this.#unreported;
    this.#sender.control(windowFrame(0, this.#unreported));
    this.#unreported = 0;
  }

  /** Data of a stream has been read: as much may come again on it. */
  consumed(stream: Http2Stream, bytes: number): void {
    this.giveBack(bytes);
    if (stream.remoteClosed) return;
    stream.unreportedBytes += bytes;
    if (stream.unreportedBytes < STREAM_WINDOW_BYTES * REPORT_SHARE) return;
    stream.receiveWindow += stream.unreportedBytes;
    this.#sender.control(windowFrame(stream.id, stream.unreportedBytes));
    stream.unreportedBytes = 0;
  }
}
