/**
 * gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), client and server, over any byte stream.
 *
 * Methods are protobuf-es descriptors: `AuthService.method.ping` of `lib/wire/gen/auth_service_pb.ts`. Errors are
 * `ToolError`s on both sides; on the wire they are statuses, as `lib/wire/status.ts` maps them.
 *
 * No compression: what travels here is short, or is encrypted already.
 *
 * @module
 */

export * from "./call_options.ts";
export { type BidiCall, GrpcClient, type GrpcClientOptions } from "./client.ts";
export type { ClientCall } from "./client_call.ts";
export * from "./codec.ts";
export { DEFAULT_MAX_MESSAGE_BYTES } from "./message.ts";
export * from "./methods.ts";
export { GrpcServer, type GrpcServerOptions } from "./server.ts";
export * from "./server_call.ts";
