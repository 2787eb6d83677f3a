/**
 * Turns the three kinds of typed handlers into the one kind that the server runs: on messages as bytes.
 *
 * @module
 */

import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { ToolError } from "../../errors/mod.ts";
import { decode, encode, type EncodedMessage } from "./codec.ts";
import type { Init, Shape } from "./methods.ts";
import type { BytesCall, BytesHandler, ServerCall } from "./server_call.ts";

/** A handler of unknown messages; which kind it is, and of what messages, its method says. */
export type AnyHandler<Context> = (input: unknown, call: ServerCall<Context>) => unknown;

/** The handler on bytes. */
export function onBytes<Context>(
  method: DescMethod,
  handler: AnyHandler<Context>,
): BytesHandler<Context> {
  switch (method.methodKind) {
    case "unary":
      return async (call) => {
        const request = await readOnly(method, call);
        const response = await handler(request, call);
        await call.send(encode(method.output, response as Response<typeof method.output>));
      };
    case "server_streaming":
      return async (call) => {
        const request = await readOnly(method, call);
        await sendAll(method, handler(request, call), call);
      };
    case "bidi_streaming":
      return async (call) => await sendAll(method, handler(readAll(method, call), call), call);
    default:
      throw new TypeError(`methods of kind ${method.methodKind} cannot be served`);
  }
}

/** What a handler may give for a message. */
type Response<M extends DescMessage> = Init<M> | EncodedMessage;

async function readOnly<Context>(
  method: DescMethod,
  call: BytesCall<Context>,
): Promise<Shape<typeof method.input>> {
  const bytes = await call.receive();
  if (bytes === undefined) throw new ToolError("bad_parameter", "call without a request");
  if (await call.receive() !== undefined) {
    throw new ToolError("bad_parameter", "call with two requests");
  }
  return decode(method.input, bytes);
}

async function* readAll<Context>(
  method: DescMethod,
  call: BytesCall<Context>,
): AsyncGenerator<Shape<typeof method.input>, void, undefined> {
  for (let bytes = await call.receive(); bytes !== undefined; bytes = await call.receive()) {
    yield decode(method.input, bytes);
  }
}

async function sendAll<Context>(
  method: DescMethod,
  responses: unknown,
  call: BytesCall<Context>,
): Promise<void> {
  for await (const response of responses as AsyncIterable<Response<typeof method.output>>) {
    await call.send(encode(method.output, response));
  }
}
