/**
 * The messages of ProxySSH that carry a session's bytes, read and written by hand: a general protobuf library would copy
 * every byte several times.
 *
 *     ProxySSHRequest, ProxySSHResponse:  … | field 2 (ssh), length | Frame
 *     Frame:                                  field 1 (payload), length | bytes
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";

/** Protobuf wire types (https://protobuf.dev/programming-guides/encoding/#structure). */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Tag of the field `ssh` (number 2) in a request and in a response. */
const SSH_TAG = 2 << 3 | WIRE.bytes;

/** Tag of the field `payload` (number 1) in a Frame. */
const PAYLOAD_TAG = 1 << 3 | WIRE.bytes;

/** Most bytes that a length takes: 32 bits, seven in each. */
const MAX_VARINT_BYTES = 5;

/** What stands before a payload of `length` bytes, in a request and in a response alike. */
export function sshFramePrefix(length: number): Uint8Array {
  const inner = [PAYLOAD_TAG, ...varint(length)];
  return Uint8Array.from([SSH_TAG, ...varint(inner.length + length), ...inner]);
}

/**
 * The payload that a message carries, as a view of it; `undefined` when it carries none (the first response may hold only
 * details of the cluster).
 *
 * @throws {ToolError} `bad_parameter` when the message is malformed.
 */
export function readSshFrame(message: Uint8Array): Uint8Array | undefined {
  const frame = lastBytesField(message, SSH_TAG);
  return frame === undefined ? undefined : lastBytesField(frame, PAYLOAD_TAG);
}

/** The last field with that tag, as protobuf has it for a field that is given twice. */
function lastBytesField(message: Uint8Array, tag: number): Uint8Array | undefined {
  const cursor = { at: 0 };
  let found: Uint8Array | undefined;
  while (cursor.at < message.length) {
    const given = readVarint(message, cursor);
    const start = cursor.at;
    switch (given & 7) {
      case WIRE.varint:
        skipVarint(message, cursor);
        break;
      case WIRE.fixed64:
        cursor.at += 8;
        break;
      case WIRE.fixed32:
        cursor.at += 4;
        break;
      case WIRE.bytes: {
        const length = readVarint(message, cursor);
        const from = cursor.at;
        cursor.at += length;
        if (cursor.at > message.length) throw malformed();
        if (given === tag) found = message.subarray(from, cursor.at);
        break;
      }
      default:
        throw malformed();
    }
    if (cursor.at > message.length || cursor.at < start) throw malformed();
  }
  return found;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push(rest & 0x7f | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function readVarint(message: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let count = 0; count < MAX_VARINT_BYTES; count++) {
    const byte = message[cursor.at++];
    if (byte === undefined) throw malformed();
    value += (byte & 0x7f) * 2 ** (7 * count);
    if (byte < 0x80) return value;
  }
  throw malformed();
}

/** A value of up to 64 bits that nobody here wants. */
function skipVarint(message: Uint8Array, cursor: { at: number }): void {
  for (let count = 0; count < 10; count++) {
    const byte = message[cursor.at++];
    if (byte === undefined) throw malformed();
    if (byte < 0x80) return;
  }
  throw malformed();
}

function malformed(): ToolError {
  return new ToolError("bad_parameter", "malformed message in a stream to a node");
}
