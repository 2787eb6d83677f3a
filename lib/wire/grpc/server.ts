import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import { ToolError } from "../../errors/mod.ts";
import { type Header, headerValue, Http2Connection, type Http2Stream } from "../http2/mod.ts";
import { publicError } from "../status.ts";
import { type AnyHandler, onBytes } from "./handlers.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "./message.ts";
import { MessageBudget } from "./message_budget.ts";
import { MessageStream } from "./message_stream.ts";
import { type BidiMethod, pathOf } from "./methods.ts";
import type { BytesCall, BytesHandler, ServiceHandlers } from "./server_call.ts";
import { errorTrailers, OK_TRAILERS } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

/** What a server needs. */
export interface GrpcServerOptions {
  /** Largest message that is taken; 4 MiB when absent. */
  maxMessageBytes?: number;
  /** Bytes that the large messages of one connection may take at once; four of the largest when absent. */
  messageBudgetBytes?: number;
  /** Calls that one connection may have running; 100 when absent. */
  maxConcurrentCalls?: number;
  /** From a connection's beginning until its client has said that it speaks HTTP/2, in milliseconds; 20 s when absent. */
  greetingMs?: number;
  /**
   * From a call's beginning until its request is there, in milliseconds; 20 s when absent. Where there are many requests
   * it is the first one that counts.
   */
  requestMs?: number;
  /** Silence after which a client is asked for a sign of life, in milliseconds; one minute when absent. */
  keepAliveMs?: number;
  /** Told of every failure that is not a `ToolError`: the client only hears `internal error`. */
  onInternalError?: (path: string, error: unknown) => void;
}

/** A laptop that was closed in the middle of a session is noticed after three of these. */
const DEFAULT_KEEP_ALIVE_MS = 60_000;

/** Time for what a client has ready when it begins. */
const DEFAULT_REQUEST_MS = 20_000;

/** Large messages that a connection may have at once. */
const LARGE_MESSAGES = 4;

/** Longest time that a client can set and that is counted, in milliseconds: timers take no more (2³¹ − 1). */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Serves methods over any number of connections. `Context` is what is known of a connection: who the caller is. */
export class GrpcServer<Context> implements Disposable {
  readonly #options: GrpcServerOptions;
  readonly #handlers = new Map<string, Registered<Context>>();
  readonly #services = new Set<string>();
  readonly #connections = new Set<Http2Connection>();

  /** Begins with no methods and no connections. */
  constructor(options: GrpcServerOptions = {}) {
    this.#options = options;
  }

  /** Adds methods of a service. A method that has a handler already gets the new one. */
  register<Service extends DescService>(
    service: Service,
    handlers: ServiceHandlers<Service, Context>,
  ): this {
    const byName = handlers as Readonly<Record<string, AnyHandler<Context> | undefined>>;
    this.#services.add(service.typeName);
    for (const method of service.methods) {
      const handler = byName[method.localName];
      if (handler !== undefined) {
        this.#handlers.set(pathOf(method), {
          handle: onBytes(method, handler.bind(handlers)),
          hasOneRequest: method.methodKind !== "bidi_streaming",
        });
      }
    }
    return this;
  }

  /** Adds a method whose messages its handler encodes and decodes: for streams of much data. */
  registerBytes(method: BidiMethod, handler: BytesHandler<Context>): this {
    this.#services.add(method.parent.typeName);
    this.#handlers.set(pathOf(method), { handle: handler, hasOneRequest: false });
    return this;
  }

  /**
   * Speaks gRPC on a byte stream, with TLS already spoken.
   *
   * @param context Given to each handler that is called over it.
   * @returns The connection, which can be watched or ended.
   */
  serve(socket: Duplex, context: Context): Http2Connection {
    const budget = new MessageBudget(
      this.#options.messageBudgetBytes ?? LARGE_MESSAGES * this.#maxMessageBytes,
    );
    return this.#connect(
      socket,
      (stream, headers) => this.#answer(stream, headers, { context, budget }),
    );
  }

  /**
   * Speaks gRPC with somebody who is not let in: whatever is called, `reason` is the answer, and nothing of a request is
   * read. A client that is told so has no use for the connection; one that stays is cut off after the time of a request.
   */
  refuse(socket: Duplex, reason: ToolError): Http2Connection {
    const connection = this.#connect(
      socket,
      (stream) => Promise.resolve(this.#end(stream, reason)),
    );
    const timer = setTimeout(() => connection.destroy(reason), this.#requestMs);
    connection.closed.then(() => clearTimeout(timer));
    return connection;
  }

  #connect(
    socket: Duplex,
    onRequest: (stream: Http2Stream, headers: readonly Header[]) => Promise<void>,
  ): Http2Connection {
    const connection = new Http2Connection(socket, {
      role: "server",
      maxConcurrentStreams: this.#options.maxConcurrentCalls,
      greetingMs: this.#options.greetingMs ?? DEFAULT_REQUEST_MS,
      keepAliveMs: this.#options.keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS,
      onRequest,
    });
    this.#connections.add(connection);
    connection.closed.then(() => this.#connections.delete(connection));
    return connection;
  }

  /** Takes no new calls; resolves when those that run are done, which for streams may be never. */
  async close(): Promise<void> {
    const connections = [...this.#connections];
    for (const connection of connections) connection.close();
    await Promise.all(connections.map((connection) => connection.closed));
  }

  /** Ends all calls and connections at once. */
  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.destroy();
  }

  get #maxMessageBytes(): number {
    return this.#options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  }

  get #requestMs(): number {
    return this.#options.requestMs ?? DEFAULT_REQUEST_MS;
  }

  async #answer(
    stream: Http2Stream,
    headers: readonly Header[],
    { context, budget }: { context: Context; budget: MessageBudget },
  ): Promise<void> {
    const path = headerValue(headers, ":path") ?? "";
    const refusal = refusalOf(headers);
    if (refusal !== undefined) return stream.respondOnly(refusal, { reset: true });
    const handler = this.#handlers.get(path);
    if (handler === undefined) return this.#end(stream, this.#unknown(path));

    using call = new RunningCall(stream, headers, {
      context,
      path,
      messages: new MessageStream(stream, this.#maxMessageBytes, budget),
      requestMs: this.#requestMs,
      hasOneRequest: handler.hasOneRequest,
    });
    const running = handler.handle(call);
    // When the call's time is over the client hears so at once, but its place is taken until the handler is done.
    await Promise.race([running, call.ended]).then(
      () => this.#end(stream, undefined),
      (error) => this.#end(stream, this.#toPublic(path, call.reasonFor(error))),
    );
    await running.catch(() => {});
  }

  #end(stream: Http2Stream, error: ToolError | undefined): void {
    const trailers = error === undefined ? OK_TRAILERS : errorTrailers(error);
    // Whatever the client still has to say, nobody listens any more.
    if (stream.hasResponded) stream.end({ trailers, reset: true });
    else stream.respondOnly([...RESPONSE_HEADERS, ...trailers], { reset: true });
  }

  #unknown(path: string): ToolError {
    const [, service = "", method = ""] = path.split("/");
    return new ToolError(
      "not_implemented",
      this.#services.has(service)
        ? `unknown method ${method} for service ${service}`
        : `unknown service ${service}`,
    );
  }

  #toPublic(path: string, error: unknown): ToolError {
    const shown = publicError(error);
    if (shown.code === "internal") this.#options.onInternalError?.(path, error);
    return shown;
  }
}

/** Headers of every answer. */
const RESPONSE_HEADERS: readonly Header[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];

/** The answer to what is no gRPC call, in HTTP's words. */
function refusalOf(headers: readonly Header[]): Header[] | undefined {
  if (headerValue(headers, ":method") !== "POST") return [[":status", "405"]];
  const type = headerValue(headers, "content-type") ?? "";
  // Also +proto; other codecs are not there.
  if (!/^application\/grpc(?:\+proto)?(?:$|;)/.test(type)) return [[":status", "415"]];
  return undefined;
}

/** A method that is served. */
interface Registered<Context> {
  handle: BytesHandler<Context>;
  /** Whether the request is over once its only message is. */
  hasOneRequest: boolean;
}

/** What a {@linkcode RunningCall} is told. */
interface CallParts<Context> {
  context: Context;
  path: string;
  messages: MessageStream;
  requestMs: number;
  hasOneRequest: boolean;
}

/** A call while its handler runs. */
class RunningCall<Context> implements BytesCall<Context>, Disposable {
  readonly context: Context;
  readonly path: string;
  /** Never resolves; rejects with the reason when the call ends before its handler. */
  readonly ended: Promise<never>;
  readonly #stream: Http2Stream;
  readonly #headers: readonly Header[];
  readonly #messages: MessageStream;
  readonly #hasOneRequest: boolean;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #requestTimer: ReturnType<typeof setTimeout>;

  constructor(stream: Http2Stream, headers: readonly Header[], parts: CallParts<Context>) {
    this.#stream = stream;
    this.#headers = headers;
    this.#messages = parts.messages;
    this.#hasOneRequest = parts.hasOneRequest;
    this.context = parts.context;
    this.path = parts.path;
    this.ended = new Promise((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
    });
    this.ended.catch(() => {});
    stream.signal.addEventListener("abort", () => this.#abort.abort(stream.signal.reason), {
      once: true,
    });
    const timeoutMs = parseTimeout(this.header("grpc-timeout") ?? "");
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(
        () => this.#abort.abort(new ToolError("expired", "deadline exceeded")),
        Math.min(timeoutMs, MAX_TIMEOUT_MS),
      );
    }
    this.#requestTimer = setTimeout(
      () => this.#abort.abort(new ToolError("expired", "the request did not come in time")),
      parts.requestMs,
    );
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  header(name: string): string | undefined {
    return headerValue(this.#headers, name);
  }

  async receive(): Promise<Uint8Array | undefined> {
    this.signal.throwIfAborted();
    const message = await this.#messages.receive();
    this.signal.throwIfAborted();
    if (!this.#hasOneRequest || message === undefined) clearTimeout(this.#requestTimer);
    return message;
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.#stream.hasResponded) this.#stream.respond(RESPONSE_HEADERS);
    await this.#messages.send(...parts);
  }

  /** The reason of an early end, if there was one. */
  reasonFor(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#requestTimer);
    this.#messages[Symbol.dispose]();
  }
}
