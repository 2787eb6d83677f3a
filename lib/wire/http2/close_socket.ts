import type { Duplex } from "node:stream";
import { LINGER_MS } from "./limits.ts";

/** Lets what was written get out, within bounds, and closes; calls `done` when that has happened. */
export function closeSocket(socket: Duplex, done: () => void): void {
  if (socket.closed) return done();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => {
    clearTimeout(timer);
    done();
  });
  if (socket.destroyed || socket.writableEnded) socket.destroy();
  else socket.end(() => socket.destroy());
}
