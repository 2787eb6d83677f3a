import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ToolError } from "../../errors/mod.ts";
import type { Init, Shape } from "./methods.ts";

/** The bytes of a message. */
export function encode<M extends DescMessage>(schema: M, message: Init<M>): Uint8Array {
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
    throw new ToolError("bad_parameter", `malformed ${schema.typeName}`, { cause });
  }
}
