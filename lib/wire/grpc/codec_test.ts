import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ListResourcesResponseSchema, PaginatedResourceSchema } from "../gen/auth_service_pb.ts";
import { decode, encode, EncodedMessage, peekString } from "./codec.ts";

const SCHEMA = ListResourcesResponseSchema;
const NUMBER = SCHEMA.field.nextKey.number;

Deno.test("peekString() finds what decode() does", () => {
  const page = fc.record({
    nextKey: fc.string({ unit: "grapheme" }),
    totalCount: fc.nat(),
    names: fc.array(fc.string({ unit: "grapheme" }), { maxLength: 5 }),
  });
  fc.assert(fc.property(fc.array(page, { maxLength: 3 }), (pages) => {
    // Messages one behind the other are one message, in which the last of each field counts.
    const bytes = pages.flatMap(({ names, ...fields }) => [
      ...toBinary(
        SCHEMA,
        create(SCHEMA, {
          ...fields,
          resources: names.map((name) =>
            create(PaginatedResourceSchema, {
              resource: { case: "node", value: { metadata: { name } } },
            })
          ),
        }),
      ),
    ]);
    const message = Uint8Array.from(bytes);
    assert.equal(peekString(SCHEMA, message, NUMBER), decode(SCHEMA, message).nextKey);
  }));
});

Deno.test("peekString() and decode() refuse what is malformed, and throw nothing else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    for (const read of [() => peekString(SCHEMA, bytes, NUMBER), () => decode(SCHEMA, bytes)]) {
      try {
        read();
      } catch (error) {
        assert.equal((error as { code: string }).code, "bad_parameter");
      }
    }
  }));
  assert.throws(() => peekString(SCHEMA, Uint8Array.of(10, 5, 1), NUMBER), {
    code: "bad_parameter",
    message: "malformed proto.ListResourcesResponse",
  });
});

Deno.test("encode() leaves bytes as they are", () => {
  const bytes = Uint8Array.of(18, 1, 65);
  assert.equal(encode(SCHEMA, new EncodedMessage(bytes)), bytes);
});
