import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Carries bytes both ways between ssh's end of a connection and the cluster's, and ends one when the other ends.
 *
 * @param onLost Called when the cluster's end fails.
 */
export function join(socket: Socket, stream: Duplex, onLost: (error: unknown) => void): void {
  stream.on("error", (error) => {
    onLost(error);
    socket.destroy();
  });
  socket.on("error", () => stream.destroy());
  socket.on("close", () => stream.destroy());
  socket.pipe(stream);
  stream.pipe(socket);
}
