/**
 * The few calls into the C library that locking needs. An address is a `usize`: nothing is read through it here.
 *
 * @module
 */

/** For locking the process. */
const PROCESS_CALLS = {
  mlockall: { parameters: ["i32"], result: "i32" },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  /** Only for seccomp(operation, flags, args), which the C library has no function for. */
  syscall: { parameters: ["i64", "u64", "u64", "buffer"], result: "i64" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** For looking after single pages. */
const PAGE_CALLS = {
  mmap: {
    parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"],
    result: "pointer",
  },
  munmap: { parameters: ["usize", "usize"], result: "i32" },
  mlock: { parameters: ["usize", "usize"], result: "i32" },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  getrandom: { parameters: ["buffer", "usize", "u32"], result: "isize" },
  mincore: { parameters: ["usize", "usize", "buffer"], result: "i32" },
  memmem: { parameters: ["usize", "usize", "buffer", "usize"], result: "usize" },
  process_vm_readv: {
    parameters: ["i32", "buffer", "u64", "buffer", "u64", "u64"],
    result: "isize",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** Calls that concern the whole process. */
export type ProcessCalls = Deno.DynamicLibrary<typeof PROCESS_CALLS>["symbols"];

/** Calls that concern pages. */
export type PageCalls = Deno.DynamicLibrary<typeof PAGE_CALLS>["symbols"];

/** Opens the GNU C library, or tells that there is none. Stays open for the life of the process. */
export function openProcessCalls(): ProcessCalls | undefined {
  try {
    return Deno.dlopen("libc.so.6", PROCESS_CALLS).symbols;
  } catch {
    return undefined;
  }
}

/** As {@linkcode openProcessCalls}. Apart from it because each call that is bound takes its time. */
export function openPageCalls(): PageCalls | undefined {
  try {
    return Deno.dlopen("libc.so.6", PAGE_CALLS).symbols;
  } catch {
    return undefined;
  }
}

/**
 * The error of the call just made. Advisory: it is a second call, and the runtime may have made others in between, so
 * read it at once and look in /proc for the truth.
 */
export function lastErrno(libc: ProcessCalls): number {
  const location = libc.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

/** Errors that locking meets, in the words of Go's tsh (asm-generic/errno-base.h). */
export function describeErrno(errno: number): string {
  if (errno === 1) return "operation not permitted";
  if (errno === 12) return "cannot allocate memory";
  return `error ${errno} of the operating system`;
}
