import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
} from "@bufbuild/protobuf";
import type { EncodedMessage } from "./codec.ts";
import type { Init, Shape } from "./methods.ts";

/** What a handler knows of its call. */
export interface ServerCall<Context> {
  /** What was given with the connection: who the caller is. */
  readonly context: Context;
  /** `/proto.AuthService/Ping` */
  readonly path: string;
  /** Aborted with a `ToolError` when the client cancels, its time runs out, or the connection breaks. */
  readonly signal: AbortSignal;
  /** A header of the request; `undefined` when it has none of that name (in lower case). */
  header(name: string): string | undefined;
}

/** Answers a method of one request and one response. */
export type UnaryHandler<I extends DescMessage, O extends DescMessage, Context> = (
  request: Shape<I>,
  call: ServerCall<Context>,
) => Init<O> | EncodedMessage | Promise<Init<O> | EncodedMessage>;

/** Answers a method of one request and many responses. */
export type ServerStreamHandler<I extends DescMessage, O extends DescMessage, Context> = (
  request: Shape<I>,
  call: ServerCall<Context>,
) => AsyncIterable<Init<O> | EncodedMessage>;

/** Answers a method of many requests and many responses. */
export type BidiHandler<I extends DescMessage, O extends DescMessage, Context> = (
  requests: AsyncIterable<Shape<I>>,
  call: ServerCall<Context>,
) => AsyncIterable<Init<O> | EncodedMessage>;

/** The handler that a method needs. */
export type HandlerOf<M, Context> = M extends DescMethodUnary<infer I, infer O>
  ? UnaryHandler<I, O, Context>
  : M extends DescMethodServerStreaming<infer I, infer O> ? ServerStreamHandler<I, O, Context>
  : M extends DescMethodBiDiStreaming<infer I, infer O> ? BidiHandler<I, O, Context>
  : never;

/** Handlers of a service, by the methods' names in lower camel case. Methods without one are not implemented. */
export type ServiceHandlers<Service extends DescService, Context> = {
  [Name in keyof Service["method"]]?: HandlerOf<Service["method"][Name], Context>;
};

/** Messages of a call as bytes, both ways. */
export interface BytesCall<Context> extends ServerCall<Context> {
  /** The next message, or `undefined` when the client has sent all. */
  receive(): Promise<Uint8Array | undefined>;
  /**
   * Sends a message, given in parts that must not be changed afterwards. Resolves when the next one may be sent; throws
   * the reason when the call has ended.
   */
  send(...parts: readonly Uint8Array[]): Promise<void>;
}

/** Answers a method with bytes. The call ends well when the promise resolves. */
export type BytesHandler<Context> = (call: BytesCall<Context>) => Promise<void>;
