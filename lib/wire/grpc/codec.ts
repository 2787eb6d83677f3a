import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ToolError } from "../../errors/mod.ts";
import type { Init, Shape } from "./methods.ts";

/** A message whose bytes are there already: for answers that are put together from what was encoded before. */
export class EncodedMessage {
  /** The message. */
  readonly bytes: Uint8Array;

  /** Takes the bytes, which must not be changed afterwards. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** The bytes of a message. */
export function encode<M extends DescMessage>(
  schema: M,
  message: Init<M> | EncodedMessage,
): Uint8Array {
  if (message instanceof EncodedMessage) return message.bytes;
  return toBinary(schema, create(schema, message));
}

/**
 * The message in these bytes. Fields that are not known are kept, so they survive being sent on.
 *
 * @throws {ToolError} `bad_parameter` when they are malformed.
 */
export function decode<M extends DescMessage>(schema: M, bytes: Uint8Array): Shape<M> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw malformed(schema, cause);
  }
}

/**
 * A string field of a message of that kind, without reading the others: for what has to be known before the whole message
 * can be.
 *
 * @param number The field's number.
 * @throws {ToolError} `bad_parameter` when the bytes are malformed.
 */
export function peekString(schema: DescMessage, bytes: Uint8Array, number: number): string {
  const reader = new BinaryReader(bytes);
  let value = "";
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      // The last one counts, as when all of it is read.
      if (field === number && type === WireType.LengthDelimited) value = reader.string();
      else reader.skip(type, field);
    }
  } catch (cause) {
    throw malformed(schema, cause);
  }
  return value;
}

function malformed(schema: DescMessage, cause: unknown): ToolError {
  return new ToolError("bad_parameter", `malformed ${schema.typeName}`, { cause });
}
