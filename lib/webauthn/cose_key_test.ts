import { equal, ok, throws } from "node:assert/strict";
import { encodeCBOR } from "@levischuck/tiny-cbor";
import fc from "fast-check";
import {
  type Algorithm,
  COSE_NUMBERS,
  newKeyPair,
} from "../../tests/support/software_key_algorithms.ts";
import { isToolError } from "../errors/mod.ts";
import { readCoseKey, SUPPORTED_ALGORITHMS } from "./cose_key.ts";

const ALGORITHMS = Object.keys(COSE_NUMBERS) as Algorithm[];
const encode = (key: Map<number, number | Uint8Array>) => new Uint8Array(encodeCBOR(key));

for (const algorithm of ALGORITHMS) {
  Deno.test(`readCoseKey() reads a key of ${algorithm}, whole only`, () => {
    const bytes = encode(newKeyPair(algorithm).cose);
    equal(readCoseKey(bytes).algorithm, COSE_NUMBERS[algorithm]);
    ok(SUPPORTED_ALGORITHMS.includes(COSE_NUMBERS[algorithm]));
    for (let length = 0; length < bytes.length; length++) {
      throws(() => readCoseKey(bytes.slice(0, length)), { code: "bad_parameter" });
    }
  });

  Deno.test(`readCoseKey() refuses a key of ${algorithm} under every other algorithm`, () => {
    const { cose } = newKeyPair(algorithm);
    for (const number of [...SUPPORTED_ALGORITHMS, -47, -48, -65535, 0]) {
      if (number === COSE_NUMBERS[algorithm]) continue;
      throws(() => readCoseKey(encode(new Map(cose).set(3, number))), { code: "bad_parameter" });
    }
  });

  Deno.test(`readCoseKey() refuses a key of ${algorithm} without one of its parts`, () => {
    const { cose } = newKeyPair(algorithm);
    for (const label of cose.keys()) {
      const lacking = new Map(cose);
      lacking.delete(label);
      throws(() => readCoseKey(encode(lacking)), { code: "bad_parameter" });
      throws(() => readCoseKey(encode(new Map(cose).set(label, new Uint8Array(1)))), {
        code: "bad_parameter",
      });
    }
  });
}

Deno.test("readCoseKey() refuses a point that is not on the curve", () => {
  const { cose } = newKeyPair("ES256");
  cose.set(-3, new Uint8Array(cose.get(-2) as Uint8Array));
  throws(() => readCoseKey(encode(cose)), { message: /is not a valid key/ });
});

Deno.test("readCoseKey() refuses RSA keys that are too short or too long", () => {
  const { cose } = newKeyPair("RS256");
  for (const bytes of [128, 255, 513]) {
    const n = new Uint8Array(bytes).fill(0xff);
    throws(() => readCoseKey(encode(new Map(cose).set(-1, n))), { message: /modulus/ });
  }
});

Deno.test("readCoseKey() reads or refuses any bytes, and never fails otherwise", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    try {
      readCoseKey(bytes);
    } catch (error) {
      ok(isToolError(error, "bad_parameter"), String(error));
    }
  }));
});
