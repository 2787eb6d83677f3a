/**
 * Frames of `teleport.transport.v1.TransportService` by hand. Every byte of a session passes through here, twice, so the
 * usual way (a message object, its encoding, copies) is left to all other messages.
 *
 * A message that carries bytes is a field that holds a Frame, whose field 1 holds the bytes:
 * `byte field << 3 | 2 | varint length | byte 0x0a | varint length | bytes`.
 *
 * @module
 */

/** Field of the bytes of SSH, in ProxySSHRequest and ProxySSHResponse. */
export const SSH_FIELD = 2;
/** Field of the bytes, in ProxyClusterRequest. */
export const CLUSTER_REQUEST_FIELD = 2;
/** Field of the bytes, in ProxyClusterResponse. */
export const CLUSTER_RESPONSE_FIELD = 1;

/** Wire type of what says its length. */
const LENGTH_DELIMITED = 2;
/** Tag of `Frame.payload`. */
const PAYLOAD_TAG = 1 << 3 | LENGTH_DELIMITED;

/**
 * The message in two parts, so that the payload is not copied.
 *
 * @param field Number of the field that holds the Frame, at most 15.
 */
export function frameParts(
  field: number,
  payload: Uint8Array,
): [head: Uint8Array, payload: Uint8Array] {
  const inner = payload.length === 0 ? [] : [PAYLOAD_TAG, ...varint(payload.length)];
  const outer = varint(inner.length + payload.length);
  return [Uint8Array.of(field << 3 | LENGTH_DELIMITED, ...outer, ...inner), payload];
}

/**
 * The bytes of a message that holds nothing but them.
 *
 * @returns A view of `message`; `undefined` when it is of another form, which the caller then reads the usual way.
 */
export function framePayload(field: number, message: Uint8Array): Uint8Array | undefined {
  const frame = onlyField(field, message);
  if (frame === undefined || frame.length === 0) return frame;
  return onlyField(1, frame);
}

/** The value of a message's only field, if it is this one. */
function onlyField(field: number, message: Uint8Array): Uint8Array | undefined {
  if (message[0] !== (field << 3 | LENGTH_DELIMITED)) return undefined;
  let length = 0;
  for (let at = 1, factor = 1; at < message.length && at <= 5; at++, factor *= 128) {
    const byte = message[at]!;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      return message.length - at - 1 === length ? message.subarray(at + 1) : undefined;
    }
  }
  return undefined;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  bytes.push(value);
  return bytes;
}
