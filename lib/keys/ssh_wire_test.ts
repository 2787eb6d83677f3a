import assert from "node:assert/strict";
import fc from "fast-check";
import { SshReader, SshWriter } from "./mod.ts";

Deno.test("mpint has RFC 4251's examples", () => {
  const cases: [value: string, wire: string][] = [
    ["", "00000000"],
    ["09a378f9b2e332a7", "0000000809a378f9b2e332a7"],
    ["80", "000000020080"],
    ["0000", "00000000"],
  ];
  for (const [value, wire] of cases) {
    assert.equal(new SshWriter().mpint(Uint8Array.fromHex(value)).bytes().toHex(), wire);
  }
});

Deno.test("SshReader reads what SshWriter wrote, and ends where it ended", () => {
  fc.assert(fc.property(
    fc.string({ unit: "grapheme" }),
    fc.nat(0xffffffff),
    fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
    fc.uint8Array(),
    (text, small, large, number) => {
      const bytes = new SshWriter().string(text).uint32(small).uint64(large).mpint(number).bytes();
      const reader = new SshReader(bytes, "test");
      assert.equal(reader.text(), text);
      assert.equal(reader.uint32(), small);
      assert.equal(reader.uint64(), large);
      const firstDigit = number.findIndex((byte) => byte !== 0);
      assert.deepEqual(
        [...reader.mpint()],
        firstDigit === -1 ? [] : [...number.subarray(firstDigit)],
      );
      reader.end();
      for (let cut = 0; cut < bytes.length; cut++) {
        const short = new SshReader(bytes.subarray(0, cut), "test");
        assert.throws(() => {
          short.text();
          short.uint32();
          short.uint64();
          short.mpint();
        }, { code: "bad_parameter", message: "test ends too early" });
      }
    },
  ));
});

Deno.test("SshReader refuses numbers that are negative or too long, and text that is not UTF-8", () => {
  for (const wire of ["0000000180", "0000000100", "00000002007f"]) {
    assert.throws(() => new SshReader(Uint8Array.fromHex(wire), "test").mpint(), {
      code: "bad_parameter",
    });
  }
  assert.throws(() => new SshReader(Uint8Array.fromHex("00000001ff"), "test").text(), {
    code: "bad_parameter",
    message: "test has text that is not UTF-8",
  });
});
