import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import { ToolError } from "../../errors/mod.ts";
import { type Header, headerValue, Http2Connection, type Http2Stream } from "../http2/mod.ts";
import { publicError } from "../status.ts";
import { type AnyHandler, onBytes } from "./handlers.ts";
import { DEFAULT_MAX_MESSAGE_BYTES } from "./message.ts";
import { MessageStream } from "./message_stream.ts";
import { type BidiMethod, pathOf } from "./methods.ts";
import type { BytesCall, BytesHandler, ServiceHandlers } from "./server_call.ts";
import { errorTrailers, OK_TRAILERS } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

/** What a server needs. */
export interface GrpcServerOptions {
  /** Largest message that is taken; 4 MiB when absent. */
  maxMessageBytes?: number;
  /** Calls that one connection may have running; 256 when absent. */
  maxConcurrentCalls?: number;
  /** Silence after which a client is asked for a sign of life, in milliseconds; one minute when absent. */
  keepAliveMs?: number;
  /** Told of every failure that is not a `ToolError`: the client only hears `internal error`. */
  onInternalError?: (path: string, error: unknown) => void;
}

/** A laptop that was closed in the middle of a session is noticed after three of these. */
const DEFAULT_KEEP_ALIVE_MS = 60_000;

/** Longest time that a client can set and that is counted, in milliseconds: timers take no more (2³¹ − 1). */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Serves methods over any number of connections. `Context` is what is known of a connection: who the caller is. */
export class GrpcServer<Context> implements Disposable {
  readonly #options: GrpcServerOptions;
  readonly #handlers = new Map<string, BytesHandler<Context>>();
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
        this.#handlers.set(pathOf(method), onBytes(method, handler.bind(handlers)));
      }
    }
    return this;
  }

  /** Adds a method whose messages its handler encodes and decodes: for streams of much data. */
  registerBytes(method: BidiMethod, handler: BytesHandler<Context>): this {
    this.#services.add(method.parent.typeName);
    this.#handlers.set(pathOf(method), handler);
    return this;
  }

  /**
   * Speaks gRPC on a byte stream, with TLS already spoken.
   *
   * @param context Given to each handler that is called over it.
   * @returns The connection, which can be watched or ended.
   */
  serve(socket: Duplex, context: Context): Http2Connection {
    const connection = new Http2Connection(socket, {
      role: "server",
      maxConcurrentStreams: this.#options.maxConcurrentCalls,
      keepAliveMs: this.#options.keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS,
      onRequest: (stream, headers) => this.#answer(stream, headers, context),
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

  async #answer(stream: Http2Stream, headers: readonly Header[], context: Context): Promise<void> {
    const path = headerValue(headers, ":path") ?? "";
    const refusal = refusalOf(headers);
    if (refusal !== undefined) return stream.respondOnly(refusal, { reset: true });
    const handler = this.#handlers.get(path);
    if (handler === undefined) return this.#end(stream, this.#unknown(path));

    const call = new RunningCall(stream, headers, {
      context,
      path,
      maxMessageBytes: this.#options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    });
    using _ = call;
    const running = handler(call);
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

/** A call while its handler runs. */
class RunningCall<Context> implements BytesCall<Context>, Disposable {
  readonly context: Context;
  readonly path: string;
  /** Never resolves; rejects with the reason when the call ends before its handler. */
  readonly ended: Promise<never>;
  readonly #stream: Http2Stream;
  readonly #headers: readonly Header[];
  readonly #messages: MessageStream;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    stream: Http2Stream,
    headers: readonly Header[],
    { context, path, maxMessageBytes }: { context: Context; path: string; maxMessageBytes: number },
  ) {
    this.#stream = stream;
    this.#headers = headers;
    this.#messages = new MessageStream(stream, maxMessageBytes);
    this.context = context;
    this.path = path;
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
  }
}
