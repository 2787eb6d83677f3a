import type { Duplex } from "node:stream";
import type { DescMessage } from "@bufbuild/protobuf";
import { ToolError } from "../../errors/mod.ts";
import { type Header, Http2Connection } from "../http2/mod.ts";
import type { CallOptions } from "./call_options.ts";
import { ClientCall } from "./client_call.ts";
import { decode, encode } from "./codec.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "./message.ts";
import {
  type BidiMethod,
  type Init,
  pathOf,
  type ServerStreamMethod,
  type Shape,
  type UnaryMethod,
} from "./methods.ts";
import { formatTimeout } from "./timeout.ts";

/** What a client needs. */
export interface GrpcClientOptions {
  /**
   * Opens a byte stream to the server, with TLS already spoken. Called for the first call, and again for the first one
   * after a connection has ended.
   */
  connect: () => Duplex | Promise<Duplex>;
  /** Goes into `:authority`: the server's name. */
  authority: string;
  /** Largest message that is taken; 4 MiB when absent. */
  maxMessageBytes?: number;
  /** Goes into `user-agent`. */
  userAgent?: string;
}

/** Messages both ways, at the same time. */
export interface BidiCall<I extends DescMessage, O extends DescMessage>
  extends AsyncIterable<Shape<O>> {
  /** Sends a message; resolves when the next one may be sent. Throws the reason when the call has ended. */
  send(message: Init<I>): Promise<void>;
  /** Says that there are no more messages to send. */
  closeSend(): void;
  /** Ends the call at once. Safe to call when it has ended. */
  cancel(): void;
}

/**
 * Calls methods of a server, over one connection for all of them.
 *
 * All calls throw `ToolError`: the one that the server's status stands for, `expired` when the time ran out, `cancelled`
 * when the signal was aborted, `connection` when the connection cannot be had or breaks.
 */
export class GrpcClient implements AsyncDisposable {
  readonly #options: GrpcClientOptions;
  #connection: Promise<Http2Connection> | undefined;
  #closed = false;

  /** Connects at the first call. */
  constructor(options: GrpcClientOptions) {
    this.#options = options;
  }

  /** Calls a method of one request and one response. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: UnaryMethod<I, O>,
    request: Init<I>,
    options: CallOptions = {},
  ): Promise<Shape<O>> {
    return decode(method.output, await this.unaryBytes(method, request, options));
  }

  /** As {@linkcode unary}, but the response is left to the caller to decode. */
  async unaryBytes<I extends DescMessage>(
    method: UnaryMethod<I>,
    request: Init<I>,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    using call = await this.#open(pathOf(method), options);
    await call.sendOnly(encode(method.input, request));
    const response = await call.receive();
    if (response === undefined) throw new ToolError("internal", "the server gave no answer");
    if (await call.receive() !== undefined) {
      throw new ToolError("internal", "the server gave two answers");
    }
    return response;
  }

  /** Calls a method of one request and many responses. Leaving the loop early cancels the call. */
  async *serverStream<I extends DescMessage, O extends DescMessage>(
    method: ServerStreamMethod<I, O>,
    request: Init<I>,
    options: CallOptions = {},
  ): AsyncGenerator<Shape<O>, void, undefined> {
    using call = await this.#open(pathOf(method), options);
    await call.sendOnly(encode(method.input, request));
    for await (const response of call) yield decode(method.output, response);
  }

  /** Opens a call of many requests and many responses. */
  async bidi<I extends DescMessage, O extends DescMessage>(
    method: BidiMethod<I, O>,
    options: CallOptions = {},
  ): Promise<BidiCall<I, O>> {
    const call = await this.#open(pathOf(method), options);
    return {
      send: (message) => call.send(encode(method.input, message)),
      closeSend: () => call.closeSend(),
      cancel: () => call.cancel(),
      async *[Symbol.asyncIterator]() {
        for await (const response of call) yield decode(method.output, response);
      },
    };
  }

  /**
   * As {@linkcode bidi}, but messages are bytes that the caller encodes and decodes: for streams of much data, where that
   * is cheaper by hand.
   */
  bidiBytes(method: BidiMethod, options: CallOptions = {}): Promise<ClientCall> {
    return this.#open(pathOf(method), options);
  }

  /** Ends all calls and the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined);
    connection?.destroy(new ToolError("cancelled", "client was closed"));
    await connection?.closed;
  }

  /** Ends all calls and the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(path: string, options: CallOptions): Promise<ClientCall> {
    const { authority, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, userAgent } = this.#options;
    const { signal, timeoutMs, metadata = {} } = options;
    const headers: Header[] = [
      [":method", "POST"],
      [":scheme", "https"],
      [":path", path],
      [":authority", authority],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
    ];
    if (userAgent !== undefined) headers.push(["user-agent", userAgent]);
    if (timeoutMs !== undefined) headers.push(["grpc-timeout", formatTimeout(timeoutMs)]);
    for (const [name, value] of Object.entries(metadata)) headers.push([name, value]);
    return await ClientCall.open(() => this.#connected(), {
      headers,
      maxMessageBytes,
      signal,
      timeoutMs,
    });
  }

  /** The connection, opened when there is none that takes calls. Callers that come together get the same one. */
  async #connected(): Promise<Http2Connection> {
    if (this.#closed) throw new ToolError("cancelled", "client was closed");
    const present = this.#connection;
    if (present !== undefined) {
      const connection = await present;
      if (connection.usable) return connection;
      if (this.#connection === present) this.#connection = undefined;
    }
    this.#connection ??= this.#connect();
    return await this.#connection;
  }

  #connect(): Promise<Http2Connection> {
    const opening = this.#openConnection();
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = undefined;
    });
    return opening;
  }

  async #openConnection(): Promise<Http2Connection> {
    let socket: Duplex;
    try {
      socket = await this.#options.connect();
    } catch (cause) {
      if (cause instanceof ToolError) throw cause;
      throw new ToolError("connection", "cannot connect to the server", { cause });
    }
    return new Http2Connection(socket, { role: "client" });
  }
}
