import net from "node:net";
import { ToolError } from "../../errors/mod.ts";

/** How a node is dialled. */
export interface DialOptions {
  /** What the caller calls it, for messages. */
  name: string;
  timeoutMs: number;
  /** Aborted when nobody waits for it any more. */
  signal: AbortSignal;
}

/** Why, in words for whoever wants to go there: the code of the system's error. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ENOTFOUND: "no such host",
  ETIMEDOUT: "connection timed out",
};

/**
 * Connects to a node.
 *
 * @param address `host:port`, IPv6 in brackets.
 * @throws `connection` when it cannot be reached, the signal's reason when that aborts.
 */
export function dial(
  address: string,
  { name, timeoutMs, signal }: DialOptions,
): Promise<net.Socket> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const unreachable = (reason: string, cause?: unknown) =>
    new ToolError("connection", `cannot reach ${name}: ${reason}`, { cause });
  if (host === undefined) return Promise.reject(unreachable("its address is no host and port"));
  const socket = net.connect({ host, port: Number(port), noDelay: true });
  const give = (error: unknown) => {
    socket.destroy();
    reject(error);
  };
  const timeout = setTimeout(() => give(unreachable("connection timed out")), timeoutMs);
  const aborted = () => give(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  // Stays: a socket without a listener for errors ends the process with the first.
  socket.on(
    "error",
    (error: NodeJS.ErrnoException) =>
      give(unreachable(REASONS[error.code ?? ""] ?? "it does not answer", error)),
  );
  socket.once("connect", () => resolve(socket));
  return promise.finally(() => {
    clearTimeout(timeout);
    signal.removeEventListener("abort", aborted);
  });
}
