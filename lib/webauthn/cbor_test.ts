import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { type CBORType, encodeCBOR } from "@levischuck/tiny-cbor";
import fc from "fast-check";
import { isToolError } from "../errors/mod.ts";
import { decodeCbor, decodeCborItem } from "./cbor.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const refused = { code: "bad_parameter" };

Deno.test("decodeCbor() reads the examples of RFC 8949 appendix A", () => {
  const examples: [string, unknown][] = [
    ["00", 0],
    ["17", 23],
    ["1818", 24],
    ["1903e8", 1000],
    ["1a000f4240", 1_000_000],
    ["1b000000e8d4a51000", 1_000_000_000_000],
    ["20", -1],
    ["3903e7", -1000],
    ["f4", false],
    ["f5", true],
    ["f6", null],
    ["f7", undefined],
    ["40", new Uint8Array()],
    ["4401020304", new Uint8Array([1, 2, 3, 4])],
    ["6449455446", "IETF"],
    ["62c3bc", "ü"],
    ["8301820203820405", [1, [2, 3], [4, 5]]],
    ["a201020304", new Map([[1, 2], [3, 4]])],
    ["a26161016162820203", new Map<string, unknown>([["a", 1], ["b", [2, 3]]])],
  ];
  for (const [encoded, value] of examples) deepEqual(decodeCbor(hex(encoded)), value, encoded);
});

Deno.test("decodeCbor() refuses what is not canonical, and what authenticators never say", () => {
  const wrong: [string, string][] = [
    ["1817", "a number not in its shortest form"],
    ["190017", "the same in two bytes"],
    ["1a0000ffff", "the same in four"],
    ["1b00000000ffffffff", "the same in eight"],
    ["1bffffffffffffffff", "a number beyond 2^53"],
    ["3bffffffffffffffff", "a negative number beyond 2^53"],
    ["5f42010243030405ff", "bytes of indefinite length"],
    ["9f01ff", "an array of indefinite length"],
    ["bf6161 01ff", "a map of indefinite length"],
    ["c074323031332d30332d32315432303a30343a30305a", "a tag"],
    ["f90000", "a float"],
    ["fa47c35000", "a longer float"],
    ["f8ff", "a simple value"],
    ["ff", "a break"],
    ["1c", "a reserved length"],
    ["61ff", "text that is not UTF-8"],
    ["a201020103", "a map key twice"],
    ["a14001", "a map key that is bytes"],
    ["0000", "two items"],
    ["", "nothing"],
  ];
  for (const [encoded, what] of wrong) throws(() => decodeCbor(hex(encoded)), refused, what);
});

Deno.test("decodeCbor() refuses deep nesting and announced lengths that are not there", () => {
  throws(() => decodeCbor(new Uint8Array(60_000).fill(0x81)), refused);
  throws(() => decodeCbor(hex("9affffffff")), refused);
  throws(() => decodeCbor(hex("baffffffff")), refused);
  throws(() => decodeCbor(hex("5affffffff00")), refused);
  throws(() => decodeCbor(hex("7b001fffffffffffff")), refused);
});

Deno.test("decodeCborItem() tells where an item ends", () => {
  deepEqual(decodeCborItem(hex("00 6161 05"), 1), { value: "a", end: 3 });
});

/** Values that both our reader and the library's writer know. */
const value: fc.Arbitrary<CBORType> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
    fc.stringMatching(/^[ -~]{0,40}$/),
  ),
  node: fc.oneof(
    { maxDepth: 4 },
    tie("leaf"),
    fc.array(tie("node"), { maxLength: 5 }),
    fc.array(fc.tuple(fc.oneof(fc.integer(), fc.stringMatching(/^[a-z]{0,8}$/)), tie("node")), {
      maxLength: 5,
    }).map((entries) => new Map(entries)),
  ),
})).node as fc.Arbitrary<CBORType>;

Deno.test("decodeCbor() reads what another writer wrote, and refuses each truncation of it", () => {
  fc.assert(fc.property(value, (written) => {
    const bytes = new Uint8Array(encodeCBOR(written));
    deepEqual(decodeCbor(bytes), written);
    for (let length = 0; length < bytes.length; length++) {
      throws(() => decodeCbor(bytes.slice(0, length)), refused);
    }
  }));
});

Deno.test("decodeCbor() reads or refuses any bytes, and never fails otherwise", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    try {
      decodeCbor(bytes);
    } catch (error) {
      ok(isToolError(error, "bad_parameter"), String(error));
    }
  }));
});

Deno.test("decodeCbor() gives bytes of its own, whatever becomes of the input", () => {
  const input = hex("4401020304");
  const output = decodeCbor(input) as Uint8Array;
  input.fill(0);
  equal(output.toHex(), "01020304");
});
