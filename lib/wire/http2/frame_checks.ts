/**
 * Small readings of frames, each with what may be wrong with it.
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";
import { ConnectionError, ErrorCode, Flag, type Frame, MAX_WINDOW_BYTES } from "./frames.ts";

/** Throws PROTOCOL_ERROR. */
export function protocolError(problem: string): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, problem);
}

/** Throws PROTOCOL_ERROR when a frame for the connection names a stream. */
export function checkNoStream({ streamId }: Frame, what: string): void {
  if (streamId !== 0) protocolError(`${what} of a stream`);
}

/** Throws FRAME_SIZE_ERROR when a payload is not of its one length. */
export function checkLength({ payload }: Frame, length: number, what: string): void {
  if (payload.length !== length) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} of a wrong size`);
  }
}

/** Priorities are checked, and then ignored (RFC 9113 §5.3). */
export function checkPriority(frame: Frame): void {
  if (frame.streamId === 0) protocolError("priority of no stream");
  checkLength(frame, 5, "priority");
  if (readUint31(frame.payload) === frame.streamId) protocolError("stream that depends on itself");
}

/** 31 bits, big end first, behind a bit that means nothing. */
export function readUint31(bytes: Uint8Array): number {
  return readUint32(bytes) & MAX_WINDOW_BYTES;
}

/** 32 bits, big end first. */
export function readUint32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** The payload of a DATA frame between the length of its padding and the padding (RFC 9113 §6.1). */
export function withoutPadding({ flags, payload }: Frame): Uint8Array {
  if ((flags & Flag.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) {
    protocolError("padding longer than its frame");
  }
  return payload.subarray(1, payload.length - padding);
}

/** What a reset by the peer stands for (gRPC's PROTOCOL-HTTP2.md, "Errors"). */
export function errorOfReset(code: number): ToolError {
  switch (code) {
    case ErrorCode.CANCEL:
      return new ToolError("cancelled", "the peer cancelled the request");
    case ErrorCode.REFUSED_STREAM:
      return new ToolError("connection", "the peer refused the request");
    case ErrorCode.ENHANCE_YOUR_CALM:
      return new ToolError("limit_exceeded", "the peer asks for less");
    default:
      return new ToolError("connection", `the peer ended the request (HTTP/2 error ${code})`);
  }
}
