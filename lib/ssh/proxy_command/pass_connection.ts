/**
 * The better way to be ssh's ProxyCommand: connects to the private socket of the command that started ssh, hands
 * ssh the connected descriptor (ProxyUseFdpass, ssh_config(5)) and ends. No byte of the session flows through it.
 *
 *  1. connect to the unix socket;
 *  2. read one byte: the other side has checked who we are, which it can only while we live;
 *  3. send the descriptor over standard output, a socket that ssh made, as SCM_RIGHTS beside one byte.
 *
 * Linux on x86_64 and aarch64, where the structures below have these layouts.
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
} as const satisfies Deno.ForeignLibraryInterface;

/** bits/socket.h. */
const AF_UNIX = 1;
/** bits/socket_type.h. */
const SOCK_STREAM = 1;
/** bits/socket_type.h: nothing that is started later inherits it. */
const SOCK_CLOEXEC = 0o2000000;
/** asm-generic/socket.h. */
const SOL_SOCKET = 1;
/** bits/socket.h. */
const SCM_RIGHTS = 1;
/** sun_path of unix(7), with its final zero. */
const SUN_PATH_BYTES = 108;

/** The byte that the serving side sends once it has checked the peer. */
export const GO_AHEAD: Uint8Array<ArrayBuffer> = Uint8Array.of(1);

/** Whether this system is one of those for which the structures below are right. */
export function canPassDescriptors(): boolean {
  const { os, arch } = Deno.build;
  if (os !== "linux" || (arch !== "x86_64" && arch !== "aarch64")) return false;
  try {
    Deno.dlopen("libc.so.6", SYMBOLS).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Connects to the socket at `path` and passes the connection to whoever holds the other end of descriptor `to`.
 *
 * @throws {ToolError} `connection` when a step fails.
 */
export function passConnection(path: string, to = 1): void {
  const libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const fail = (step: string): never => {
    throw new ToolError("connection", `cannot ${step} the private socket of tsh`);
  };
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("make a socket for");
  const address = socketAddress(path);
  if (libc.connect(fd, address, address.length) !== 0) fail("connect to");
  if (libc.read(fd, new Uint8Array(1), 1n) !== 1n) fail("be let in by");
  // Keeps the buffers alive, and so their addresses right, until the call is over.
  const message = descriptorMessage(fd);
  if (libc.sendmsg(to, message.header, 0) !== 1n) fail("hand ssh");
  message.parts.fill(new Uint8Array());
}

/** `struct sockaddr_un`: u16 family | path, ended by a zero. */
export function socketAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length >= SUN_PATH_BYTES) {
    throw new ToolError(
      "bad_parameter",
      `the path of a socket has at most ${SUN_PATH_BYTES - 1} bytes`,
    );
  }
  const bytes = new Uint8Array(2 + name.length + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return bytes;
}

function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

/**
 * `struct msghdr` of 56 bytes: name, namelen, iov at 16, iovlen at 24, control at 32, controllen at 40, flags. The control
 * data is `struct cmsghdr` (u64 len | i32 level | i32 type) and the descriptor, 20 bytes in a space of 24.
 */
function descriptorMessage(fd: number): {
  header: Uint8Array<ArrayBuffer>;
  parts: Uint8Array<ArrayBuffer>[];
} {
  const payload = new Uint8Array(1);
  const vector = new Uint8Array(16);
  const control = new Uint8Array(24);
  const header = new Uint8Array(56);
  const controlView = new DataView(control.buffer);
  controlView.setBigUint64(0, 20n, true);
  controlView.setInt32(8, SOL_SOCKET, true);
  controlView.setInt32(12, SCM_RIGHTS, true);
  controlView.setInt32(16, fd, true);
  const vectorView = new DataView(vector.buffer);
  vectorView.setBigUint64(0, addressOf(payload), true);
  vectorView.setBigUint64(8, 1n, true);
  const view = new DataView(header.buffer);
  view.setBigUint64(16, addressOf(vector), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, addressOf(control), true);
  view.setBigUint64(40, BigInt(control.length), true);
  return { header, parts: [payload, vector, control] };
}
