/**
 * What another process of the same user can try against a process: `attacker.ts PID`. Prints, as JSON, what each way gave: a
 * number of bytes or 0 for success, and for refusals the errno or error's name.
 *
 * @module
 */

const pid = Number(Deno.args[0]);

const libc = Deno.dlopen("libc.so.6", {
  ptrace: { parameters: ["i64", "i32", "usize", "usize"], result: "i64" },
  process_vm_readv: {
    parameters: ["i32", "buffer", "u64", "buffer", "u64", "u64"],
    result: "isize",
  },
}).symbols;
/** sys/ptrace.h. */
const PTRACE_ATTACH = 16n;

/** Somewhere in the target that is surely there: its stack, where the environment lies, too. */
function stackOf(): { start: bigint; end: bigint } {
  const maps = Deno.readTextFileSync(`/proc/${pid}/maps`);
  const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) .*\[stack\]$/m.exec(maps)!;
  return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) };
}

function readMem(): string {
  const { start, end } = stackOf();
  using file = Deno.openSync(`/proc/${pid}/mem`);
  file.seekSync(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(Number(end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return /LATCHKEY_PLANT=\w+/.exec(new TextDecoder("latin1").decode(bytes))?.[0] ?? "nothing";
}

function vmRead(address: bigint): string {
  const bytes = new Uint8Array(16);
  const own = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  const local = new Uint8Array(new BigUint64Array([own, 16n]).buffer);
  const remote = new Uint8Array(new BigUint64Array([address, 16n]).buffer);
  return String(libc.process_vm_readv(pid, local, 1n, remote, 1n, 0n));
}

function attempt(way: () => string): string {
  try {
    return way();
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

// Where /proc tells nothing, an address is handed in by who knows it.
const address = Deno.args[1] === undefined
  ? () => stackOf().end - 64n
  : () => BigInt(Deno.args[1]!);
console.log(JSON.stringify({
  maps: attempt(() => stackOf() && "read"),
  environ: attempt(() => Deno.readTextFileSync(`/proc/${pid}/environ`) && "read"),
  mem: attempt(readMem),
  processVmReadv: attempt(() => vmRead(address())),
  // Last: it stops the target until this process ends.
  ptrace: attempt(() => String(libc.ptrace(PTRACE_ATTACH, pid, 0n, 0n))),
}));
