/**
 * HTTP/2 for gRPC, over any byte stream. See `connection.ts` for why it exists.
 *
 * @module
 */

export { Http2Connection, type Http2ConnectionOptions } from "./connection.ts";
export { ErrorCode as Http2ErrorCode } from "./frames.ts";
export type { Header } from "./hpack_table.ts";
export { headerValue } from "./header_rules.ts";
export type { Http2Stream } from "./stream.ts";
