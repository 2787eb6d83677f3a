import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeFilter,
  type Instruction,
  MACHINES,
  MADV_DONTNEED,
  madviseFilter,
  RETURN_ALLOW,
  RETURN_SUCCESS_WITHOUT_DOING,
} from "./filter.ts";

interface Call {
  nr: number;
  arch: number;
  args: bigint[];
}

/** Runs the encoded program as the kernel would (net/core/filter.c), on the three instructions that it uses. */
function simulate(bytes: Uint8Array<ArrayBuffer>, call: Call): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, call.nr, true);
  data.setUint32(4, call.arch, true);
  call.args.forEach((value, index) => data.setBigUint64(16 + index * 8, value, true));
  const program = new DataView(bytes.buffer);
  let accumulator = 0;
  for (let at = 0; at < bytes.length / 8; at++) {
    const code = program.getUint16(at * 8, true);
    const operand = program.getUint32(at * 8 + 4, true);
    if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x15) {
      at += program.getUint8(at * 8 + (accumulator === operand ? 2 : 3));
    } else if (code === 0x06) return operand;
    else throw new Error(`the filter uses instruction ${code}`);
  }
  throw new Error("the filter runs off its end");
}

for (const [name, machine] of Object.entries(MACHINES)) {
  const program: Instruction[] = madviseFilter(machine);
  const bytes = encodeFilter(program);

  Deno.test(`the filter for ${name} answers madvise(MADV_DONTNEED) itself`, () => {
    const call = {
      nr: machine.madvise,
      arch: machine.auditArch,
      args: [0x7fff0000n, 4096n, 4n, 9n, 9n, 9n],
    };
    assert.equal(simulate(bytes, call), RETURN_SUCCESS_WITHOUT_DOING);
  });

  Deno.test(`the filter for ${name} lets every other call pass`, () => {
    const words = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(fc.property(
      fc.oneof(fc.constant(machine.madvise), fc.integer({ min: 0, max: 1000 })),
      fc.oneof(fc.constant(machine.auditArch), fc.integer({ min: 0, max: 0xffffffff })),
      fc.array(fc.oneof(words, fc.constant(BigInt(MADV_DONTNEED))), { minLength: 6, maxLength: 6 }),
      (nr, arch, args) => {
        const advice = Number(args[2]! & 0xffffffffn);
        const ours = nr === machine.madvise && arch === machine.auditArch &&
          advice === MADV_DONTNEED;
        const expected = ours ? RETURN_SUCCESS_WITHOUT_DOING : RETURN_ALLOW;
        assert.equal(simulate(bytes, { nr, arch, args }), expected);
      },
    ));
  });
}

Deno.test("the machines' numbers are those of the kernel's tables", () => {
  // asm/unistd_64.h and asm-generic/unistd.h; linux/audit.h: EM_X86_64 = 62, EM_AARCH64 = 183, 64-bit, little-endian.
  assert.equal(MACHINES.x86_64.auditArch, (62 | 0x80000000 | 0x40000000) >>> 0);
  assert.equal(MACHINES.aarch64.auditArch, (183 | 0x80000000 | 0x40000000) >>> 0);
  assert.deepEqual([MACHINES.x86_64.madvise, MACHINES.x86_64.seccomp], [28, 317]);
  assert.deepEqual([MACHINES.aarch64.madvise, MACHINES.aarch64.seccomp], [233, 277]);
});
