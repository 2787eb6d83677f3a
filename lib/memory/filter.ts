/**
 * The seccomp filter without which V8 does not survive locked memory.
 *
 * V8 gives pages back with madvise(MADV_DONTNEED). Linux answers EINVAL for locked pages, and V8 takes that for a defect
 * and aborts. The filter answers that one call with success without doing it (a locked process must not give pages back
 * anyway) and lets every other call pass. It is a classic BPF program over `struct seccomp_data` (linux/seccomp.h):
 * `int nr | u32 arch | u64 instruction_pointer | u64 args[6]`.
 *
 * @module
 */

/** Byte offsets in `struct seccomp_data`; of args[2] the low word, as both machines are little-endian. */
const OFFSET = { nr: 0, arch: 4, thirdArgument: 16 + 2 * 8 } as const;

/** linux/bpf_common.h: BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K. */
const OPCODE = { load: 0x20, jumpIfEqual: 0x15, return: 0x06 } as const;

/** linux/seccomp.h: SECCOMP_RET_ERRNO with errno 0, and SECCOMP_RET_ALLOW. */
export const RETURN_SUCCESS_WITHOUT_DOING = 0x00050000;
/** linux/seccomp.h: SECCOMP_RET_ALLOW. */
export const RETURN_ALLOW = 0x7fff0000;

/** linux/mman.h. */
export const MADV_DONTNEED = 4;

/** What differs between machines: the word in linux/audit.h and the numbers of asm/unistd.h. */
export interface Machine {
  auditArch: number;
  madvise: number;
  seccomp: number;
}

/** The machines for which the numbers are known. */
export const MACHINES: Readonly<Record<"x86_64" | "aarch64", Machine>> = {
  x86_64: { auditArch: 0xc000003e, madvise: 28, seccomp: 317 },
  aarch64: { auditArch: 0xc00000b7, madvise: 233, seccomp: 277 },
};

/** One instruction, `struct sock_filter`: code, jump if true, jump if false, operand. */
export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

/** The filter for one machine. Jumps count the instructions skipped. */
export function madviseFilter(machine: Machine): Instruction[] {
  return [
    [OPCODE.load, 0, 0, OFFSET.arch],
    [OPCODE.jumpIfEqual, 0, 5, machine.auditArch], // another ABI: allow
    [OPCODE.load, 0, 0, OFFSET.nr],
    [OPCODE.jumpIfEqual, 0, 3, machine.madvise], // another call: allow
    [OPCODE.load, 0, 0, OFFSET.thirdArgument],
    [OPCODE.jumpIfEqual, 0, 1, MADV_DONTNEED], // other advice: allow
    [OPCODE.return, 0, 0, RETURN_SUCCESS_WITHOUT_DOING],
    [OPCODE.return, 0, 0, RETURN_ALLOW],
  ];
}

/** `struct sock_filter[]` in bytes: `u16 code | u8 jt | u8 jf | u32 k`, little-endian. */
export function encodeFilter(program: Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, operand], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, operand, true);
  });
  return bytes;
}
