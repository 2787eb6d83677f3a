import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

/** A method of one request and one response. */
export type UnaryMethod<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> =
  DescMethodUnary<
    I,
    O
  >;

/** A method of one request and many responses. */
export type ServerStreamMethod<
  I extends DescMessage = DescMessage,
  O extends DescMessage = DescMessage,
> = DescMethodServerStreaming<I, O>;

/** A method of many requests and many responses, in any order. */
export type BidiMethod<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> =
  DescMethodBiDiStreaming<I, O>;

/** What may be given where a message is wanted: a message, or its fields. */
export type Init<M extends DescMessage> = MessageInitShape<M>;

/** A message. */
export type Shape<M extends DescMessage> = MessageShape<M>;

/** The path of a method: `/proto.AuthService/Ping`. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
