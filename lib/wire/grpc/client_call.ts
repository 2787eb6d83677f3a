import { ToolError } from "../../errors/mod.ts";
import {
  type Header,
  headerValue,
  type Http2Connection,
  Http2ErrorCode,
  type Http2Stream,
} from "../http2/mod.ts";
import { MessageStream } from "./message_stream.ts";
import { errorOfResponse, errorOfTrailers } from "./status.ts";

/** What a call needs beside a connection. */
export interface OpenCall {
  /** The request's headers. */
  headers: readonly Header[];
  /** Largest message that is taken. */
  maxMessageBytes: number;
  /** Ends the call when aborted. */
  signal: AbortSignal | undefined;
  /** Ends the call after so many milliseconds. */
  timeoutMs: number | undefined;
}

/**
 * One call, its messages as bytes. Must be disposed of, or read to its end: until then it listens to its signal.
 */
export class ClientCall implements AsyncIterable<Uint8Array>, Disposable {
  readonly #end: CallEnd;
  readonly #stream: Http2Stream;
  readonly #messages: MessageStream;
  #headers: readonly Header[] | undefined;
  #done = false;

  private constructor(stream: Http2Stream, end: CallEnd, maxMessageBytes: number) {
    this.#stream = stream;
    this.#end = end;
    this.#messages = new MessageStream(stream, maxMessageBytes);
    end.signal.addEventListener("abort", () => stream.reset(), { once: true });
    stream.signal.addEventListener("abort", () => end.release(), { once: true });
  }

  /** Opens a call over the connection that `connect` gives. */
  static async open(
    connect: () => Promise<Http2Connection>,
    { headers, maxMessageBytes, signal, timeoutMs }: OpenCall,
  ): Promise<ClientCall> {
    const end = new CallEnd(signal, timeoutMs);
    const opening = (async () => {
      end.signal.throwIfAborted();
      const connection = await connect();
      end.signal.throwIfAborted();
      return await connection.request(headers);
    })();
    try {
      const stream = await Promise.race([opening, end.aborted]);
      return new ClientCall(stream, end, maxMessageBytes);
    } catch (error) {
      end.release();
      // Should it open after all, nobody wants it.
      opening.then((stream) => stream.reset(), () => {});
      throw error;
    }
  }

  /**
   * Sends a message, given in parts that must not be changed afterwards. Resolves when the next one may be sent.
   *
   * @throws {ToolError} When the call has ended; {@linkcode receive} tells what the server said about it.
   */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    this.#end.signal.throwIfAborted();
    if (this.#stream.remoteClosed) {
      throw new ToolError("connection", "the server has ended the call");
    }
    try {
      await this.#messages.send(...parts);
    } catch (error) {
      throw this.#end.reasonFor(error);
    }
  }

  /** Sends the only message. A server that has ended the call already has its say in {@linkcode receive}. */
  async sendOnly(message: Uint8Array): Promise<void> {
    try {
      await this.#messages.send(message);
    } catch (error) {
      if (!this.#stream.remoteClosed) throw this.#end.reasonFor(error);
    }
    this.closeSend();
  }

  /** Says that there are no more messages to send. */
  closeSend(): void {
    this.#stream.end();
  }

  /**
   * The next message, or `undefined` when the server has ended the call and all is well.
   *
   * @throws {ToolError} What the server's status stands for, or why the call broke.
   */
  async receive(): Promise<Uint8Array | undefined> {
    try {
      this.#end.signal.throwIfAborted();
      this.#headers ??= await this.#readHeaders();
      const message = await this.#messages.receive();
      if (message !== undefined) return message;
      this.#finish(this.#headers);
      return undefined;
    } catch (error) {
      const reason = this.#end.reasonFor(error);
      this.cancel();
      throw reason;
    }
  }

  /** The messages, to the call's end. Leaving the loop early ends the call. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (
        let message = await this.receive();
        message !== undefined;
        message = await this.receive()
      ) {
        yield message;
      }
    } finally {
      this.cancel();
    }
  }

  /** Ends the call at once. Safe to call when it has ended. */
  cancel(): void {
    this.#end.release();
    if (this.#done) return;
    this.#done = true;
    this.#stream.reset(Http2ErrorCode.CANCEL);
  }

  /** Ends the call at once. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  async #readHeaders(): Promise<readonly Header[]> {
    const headers = await this.#stream.response;
    const error = errorOfResponse(headers);
    if (error !== undefined) throw error;
    const encoding = headerValue(headers, "grpc-encoding") ?? "identity";
    if (encoding !== "identity") {
      throw new ToolError("not_implemented", "compressed answer, which nobody asked for");
    }
    return headers;
  }

  /** An answer without messages may have its status in its only headers. */
  #finish(headers: readonly Header[]): void {
    const error = errorOfTrailers(this.#stream.trailers ?? headers);
    if (error !== undefined) throw error;
    this.#end.release();
    // A server may end before the client does.
    if (!this.#stream.localClosed) this.#stream.reset(Http2ErrorCode.NO_ERROR);
    this.#done = true;
  }
}

/** What ends a call early: its signal, or its time. */
class CallEnd {
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #forget = new AbortController();
  /** Never resolves; rejects with the reason when the call is ended early. */
  readonly aborted: Promise<never>;

  constructor(signal: AbortSignal | undefined, timeoutMs: number | undefined) {
    this.aborted = new Promise((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
    });
    this.aborted.catch(() => {});
    if (signal?.aborted) this.#onSignal(signal);
    else {signal?.addEventListener("abort", () => this.#onSignal(signal), {
        signal: this.#forget.signal,
      });}
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.#onTimeout(), Math.max(0, timeoutMs));
    }
  }

  /** Aborted with a `ToolError`. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Stops listening. */
  release(): void {
    clearTimeout(this.#timer);
    this.#forget.abort();
  }

  /** The reason of the early end, if that is what `error` comes from. */
  reasonFor(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }

  #onSignal({ reason }: AbortSignal): void {
    const error = reason instanceof ToolError
      ? reason
      : new ToolError("cancelled", "call was cancelled", { cause: reason });
    this.#abort.abort(error);
  }

  #onTimeout(): void {
    this.#abort.abort(new ToolError("expired", "deadline exceeded"));
  }
}
