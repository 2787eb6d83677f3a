import { ToolError } from "../../errors/mod.ts";
import { GO_AHEAD } from "./pass_connection.ts";

/** Bytes of one read: large, so that few are needed. */
const CHUNK_BYTES = 256 * 1024;

/** Where bytes come from; `null` at the end. */
interface Source {
  read(buffer: Uint8Array): Promise<number | null>;
}

/** Where bytes go; a write may take only some. */
interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Connects to the socket at `path` and carries bytes between it and the standard streams until the socket's side ends, for
 * systems where a descriptor cannot be passed.
 *
 * @throws {ToolError} `connection` when the socket cannot be reached or turns this process away.
 */
export async function relayConnection(path: string): Promise<void> {
  const connection = await Deno.connect({ transport: "unix", path });
  if (await connection.read(new Uint8Array(GO_AHEAD.length)) !== GO_AHEAD.length) {
    throw new ToolError("connection", "cannot be let in by the private socket of tsh");
  }
  copy(Deno.stdin, connection).then(() => connection.closeWrite()).catch(() => {});
  await copy(connection, Deno.stdout);
}

async function copy(from: Source, to: Sink): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    let rest = buffer.subarray(0, count);
    while (rest.length > 0) rest = rest.subarray(await to.write(rest));
  }
}
