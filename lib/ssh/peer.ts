/**
 * Who is at the other end of a unix socket.
 *
 * @module
 */

/** asm-generic/socket.h (x86_64 and aarch64). */
const SOL_SOCKET = 1;
/** asm-generic/socket.h. */
const SO_PEERCRED = 17;

const SYMBOLS = {
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Process and user of a peer, as they were when it connected. */
export interface PeerCredentials {
  /** Process id; 0 when it lives in another pid namespace. */
  pid: number;
  /** User id. */
  uid: number;
}

/** Asks the kernel who connected to the socket behind `fd`, or tells that it cannot be known. Linux only. */
export function peerCredentials(fd: number): PeerCredentials | undefined {
  const libc = Deno.dlopen("libc.so.6", SYMBOLS);
  const credentials = new Int32Array(3); // struct ucred { pid_t pid, uid_t uid, gid_t gid }
  const length = new Uint32Array([credentials.byteLength]);
  let answer: number;
  try {
    answer = libc.symbols.getsockopt(
      fd,
      SOL_SOCKET,
      SO_PEERCRED,
      new Uint8Array(credentials.buffer),
      new Uint8Array(length.buffer),
    );
  } finally {
    libc.close();
  }
  if (answer !== 0 || length[0] !== credentials.byteLength) return undefined;
  return { pid: credentials[0]!, uid: credentials[1]! >>> 0 };
}

/** The parent of a process, from /proc/PID/stat (`pid (name) state ppid …`, where the name may hold anything). */
function parentOf(pid: number): number | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    return Number.isInteger(parent) ? parent : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `pid` is `ancestor` or was started by it, directly or not. False when that cannot be told. */
export function descendsFrom(pid: number, ancestor: number): boolean {
  let current: number | undefined = pid;
  for (let depth = 0; current !== undefined && current > 1 && depth < 64; depth++) {
    if (current === ancestor) return true;
    current = parentOf(current);
  }
  return false;
}
