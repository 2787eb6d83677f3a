/**
 * What runs as ssh's ProxyCommand: a process of its own that connects ssh with the command that started it.
 *
 * A door of its own, because it must start fast and needs nothing else of this program.
 *
 * @module
 */

import { isToolError, ToolError } from "../../errors/mod.ts";
import { passConnection } from "./pass_connection.ts";
import { relayConnection } from "./relay_connection.ts";

export { canPassDescriptors, GO_AHEAD } from "./pass_connection.ts";

/**
 * First word of a command line that makes this program the helper. No person types it; a compiled program has no other way
 * to start one.
 */
export const PROXY_COMMAND_WORD = "ssh-proxy-command";

/**
 * How ssh gets at the connection. `pass` hands it the descriptor and ends; `relay` stays and carries every byte, on systems
 * where that cannot be done.
 */
export type ProxyCommandWay = "pass" | "relay";

/**
 * Connects ssh, which started this process, with a private socket. What fails, fails because the command that owns the socket
 * is ending, and that command says why.
 *
 * @param args The way, and the path of the socket.
 * @returns The exit status.
 */
export async function runAsProgram(args: readonly string[]): Promise<number> {
  const [way, path, ...more] = args;
  try {
    if (path === undefined || more.length > 0) throw usage();
    if (way === "pass") passConnection(path);
    else if (way === "relay") await relayConnection(path);
    else throw usage();
    return 0;
  } catch (error) {
    if (isToolError(error, "usage")) {
      await Deno.stderr.write(new TextEncoder().encode(`${error.message}\n`));
    }
    return 1;
  } finally {
    // A relay may still wait for standard input that nobody will write.
    Deno.stdin.close();
  }
}

function usage(): ToolError {
  return new ToolError("usage", "this is for ssh alone: tsh starts it when it needs it");
}
