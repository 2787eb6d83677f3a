import {
  ConnectionError,
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  LARGEST_MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  Setting,
} from "./frames.ts";

/** Bytes of one setting: uint16 id | uint32 value (RFC 9113 §6.5.1). */
const ENTRY_BYTES = 6;

/** Settings of the other side that matter to a sender. */
export interface PeerSettings {
  /** Window of new streams. */
  initialWindowBytes: number;
  /** Largest payload of a frame. */
  maxFrameBytes: number;
  /** How many streams may be open at once. */
  maxConcurrentStreams: number;
}

/**
 * What holds until the peer has spoken. The number of streams is a guess that no server refuses (RFC 9113 §6.5.2 asks
 * servers for at least 100); a peer that then says nothing of it sets no limit.
 */
export const DEFAULT_PEER_SETTINGS: PeerSettings = {
  initialWindowBytes: DEFAULT_WINDOW_BYTES,
  maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  maxConcurrentStreams: 100,
};

/** The payload of a SETTINGS frame. */
export function encodeSettings(
  settings: readonly (readonly [id: number, value: number])[],
): Uint8Array {
  const payload = new Uint8Array(settings.length * ENTRY_BYTES);
  const view = new DataView(payload.buffer);
  for (const [i, [id, value]] of settings.entries()) {
    view.setUint16(i * ENTRY_BYTES, id);
    view.setUint32(i * ENTRY_BYTES + 2, value);
  }
  return payload;
}

/**
 * What a SETTINGS frame changes of the settings before it. Settings that are not known are ignored.
 *
 * @throws {ConnectionError} When the payload is malformed or a value is out of its bounds (RFC 9113 §6.5.2).
 */
export function applySettings(before: PeerSettings, payload: Uint8Array): PeerSettings {
  if (payload.length % ENTRY_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "malformed settings");
  }
  const after = { ...before };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    const value = view.getUint32(at + 2);
    switch (view.getUint16(at)) {
      case Setting.ENABLE_PUSH:
        if (value > 1) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "bad setting");
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        after.maxConcurrentStreams = value;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "bad setting");
        }
        after.initialWindowBytes = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < DEFAULT_MAX_FRAME_BYTES || value > LARGEST_MAX_FRAME_BYTES) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "bad setting");
        }
        after.maxFrameBytes = value;
        break;
    }
  }
  return after;
}
