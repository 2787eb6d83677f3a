/**
 * Locking the whole process in memory, so that no key in it can be swapped to disk.
 *
 *  1. no_new_privs and the seccomp filter of `filter.ts`, in all threads;
 *  2. no core dumps (RLIMIT_CORE 0);
 *  3. mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT): what holds something is locked, what is only reserved costs nothing;
 *  4. not dumpable: no ptrace, no /proc/PID/mem and no process_vm_readv by the same user.
 *
 * Must run before the first key exists. Where 1 fails 3 is not tried: V8 would abort sooner or later.
 *
 * @module
 */

import { encodeFilter, MACHINES, madviseFilter } from "./filter.ts";
import { describeErrno, lastErrno, openProcessCalls, type ProcessCalls } from "./libc.ts";
import type { EffectiveMlockMode } from "./mode.ts";

/** sys/mman.h. */
const MCL_CURRENT_FUTURE_ONFAULT = 1 | 2 | 4;
/** linux/prctl.h. */
const PR_SET_DUMPABLE = 4;
/** linux/prctl.h. */
const PR_SET_NO_NEW_PRIVS = 38;
/** linux/seccomp.h: SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC. */
const SECCOMP_SET_MODE_FILTER = 1n;
/** linux/seccomp.h: apply to all threads, or fail. */
const SECCOMP_FILTER_FLAG_TSYNC = 1n;
/** asm-generic/resource.h. */
const RLIMIT_CORE = 4;
/** asm-generic/resource.h. */
const RLIMIT_MEMLOCK = 8;

/** EPERM and ENOMEM, which mlockall answers when the limit is too low (mlock(2)). */
const LIMIT_REASONS: ReadonlySet<string> = new Set([describeErrno(1), describeErrno(12)]);

/** What came of locking. */
export interface LockReport {
  /** What was asked for. */
  mode: EffectiveMlockMode;
  /** Whether all memory of the process is locked. */
  locked: boolean;
  /** Why not; absent when it is locked or was not asked for. */
  reason?: string;
  /** Whether the reason is the limit on locked memory, which the system's administrator can raise. */
  isLimit?: boolean;
  /** Whether other processes of the same user are kept from reading this one. */
  undumpable: boolean;
  /** VmLck of /proc/self/status. */
  lockedBytes?: number;
  /** VmSize of /proc/self/status. */
  sizeBytes?: number;
  /** Soft limit on locked memory; Infinity when there is none. */
  limitBytes?: number;
}

/** The machine as {@linkcode lockMemory} sees it. */
export interface Platform {
  /** As `Deno.build.os`. */
  os: string;
  /** As `Deno.build.arch`. */
  arch: string;
}

/** Locks the process as `mode` wants. Never throws: what failed is in the report. */
export function lockMemory(
  mode: EffectiveMlockMode,
  platform: Platform = Deno.build,
): LockReport {
  if (mode === "off") return { mode, locked: false, undumpable: false };
  const failed = (reason: string): LockReport => ({
    mode,
    locked: false,
    reason,
    undumpable: false,
  });
  if (platform.os !== "linux") {
    return failed("memory locking is not supported on non-linux operating systems");
  }
  const libc = openProcessCalls();
  if (libc === undefined) {
    return failed("memory locking needs the GNU C library, and libc.so.6 cannot be opened");
  }
  forbidCoreDumps(libc);
  const reason = lockAll(libc, platform.arch);
  const undumpable = libc.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n) === 0;
  const sizes = readSizes();
  const locked = reason === undefined && isWhole(sizes);
  return {
    mode,
    locked,
    ...(locked ? {} : {
      reason: reason ?? "the kernel did not lock all of it",
      isLimit: LIMIT_REASONS.has(reason ?? ""),
    }),
    undumpable,
    ...sizes,
    limitBytes: memlockLimit(libc),
  };
}

/** What `-d` says of a report, on one line. */
export function describeLock(report: LockReport): string {
  const result = report.mode === "off" ? "not asked for" : report.locked ? "locked" : report.reason;
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  const parts = [`mode ${report.mode}`, `${result}`];
  if (report.lockedBytes !== undefined && report.sizeBytes !== undefined) {
    parts.push(`${mebibytes(report.lockedBytes)} of ${mebibytes(report.sizeBytes)} locked`);
  }
  if (report.limitBytes !== undefined) {
    const unlimited = report.limitBytes === Infinity;
    parts.push(`limit ${unlimited ? "unlimited" : mebibytes(report.limitBytes)}`);
  }
  if (report.mode !== "off") {
    parts.push(report.undumpable ? "not readable by other processes" : "readable by the same user");
  }
  return `memory lock: ${parts.join(", ")}`;
}

/** Locks; tells why it could not. */
function lockAll(libc: ProcessCalls, arch: string): string | undefined {
  const machine = Object.hasOwn(MACHINES, arch)
    ? MACHINES[arch as keyof typeof MACHINES]
    : undefined;
  if (machine === undefined) return `memory locking is not supported on ${arch} machines`;
  const filterFailure = installFilter(libc, machine);
  if (filterFailure !== undefined) return filterFailure;
  if (libc.mlockall(MCL_CURRENT_FUTURE_ONFAULT) === 0) return undefined;
  return describeErrno(lastErrno(libc));
}

function installFilter(libc: ProcessCalls, machine: typeof MACHINES["x86_64"]): string | undefined {
  if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) {
    return `the kernel refused no_new_privs: ${describeErrno(lastErrno(libc))}`;
  }
  const program = encodeFilter(madviseFilter(machine));
  // struct sock_fprog: u16 len | padding to 8 | pointer filter
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint16(0, program.length / 8, true);
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(program));
  view.setBigUint64(8, BigInt(address), true);
  const answer = libc.syscall(
    BigInt(machine.seccomp),
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_TSYNC,
    header,
  );
  if (answer === 0n) return undefined;
  return `the kernel refused the seccomp filter that V8 needs: ${describeErrno(lastErrno(libc))}`;
}

function forbidCoreDumps(libc: ProcessCalls): void {
  libc.setrlimit(RLIMIT_CORE, new Uint8Array(16)); // struct rlimit { u64 soft, u64 hard }, both 0
}

function memlockLimit(libc: ProcessCalls): number | undefined {
  const limit = new BigUint64Array(2);
  if (libc.getrlimit(RLIMIT_MEMLOCK, new Uint8Array(limit.buffer)) !== 0) return undefined;
  return limit[0] === 2n ** 64n - 1n ? Infinity : Number(limit[0]);
}

function readSizes(): { lockedBytes?: number; sizeBytes?: number } {
  let status: string;
  try {
    status = Deno.readTextFileSync("/proc/self/status");
  } catch {
    return {};
  }
  const read = (name: string) => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status);
    return match === null ? undefined : Number(match[1]) * 1024;
  };
  const lockedBytes = read("VmLck");
  const sizeBytes = read("VmSize");
  return lockedBytes === undefined || sizeBytes === undefined ? {} : { lockedBytes, sizeBytes };
}

/** At least 99.9 %: the kernel's own special mappings never count. Unknown counts as whole; mlockall said so. */
function isWhole(sizes: { lockedBytes?: number; sizeBytes?: number }): boolean {
  if (sizes.lockedBytes === undefined || sizes.sizeBytes === undefined) return true;
  return sizes.lockedBytes >= sizes.sizeBytes * 0.999;
}
