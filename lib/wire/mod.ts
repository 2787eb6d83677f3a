/**
 * What both sides of the wire say: names, numbers and shapes, and nothing of either side's behaviour.
 *
 * This door is small on purpose, because every command imports it. Heavier parts have doors of their own:
 * `lib/wire/grpc/mod.ts` (gRPC, on `lib/wire/http2/mod.ts`), `lib/wire/gen/…` (protobuf messages), `lib/wire/web_api.ts` (zod schemas
 * of the web API) and `lib/wire/webauthn_proto.ts`.
 *
 * @module
 */

export * from "./alpn.ts";
export * from "./headless_id.ts";
export * from "./status.ts";
