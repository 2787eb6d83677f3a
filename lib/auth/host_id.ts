import type { Deps } from "../deps/mod.ts";
import { messageOf, ToolError } from "../errors/mod.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The UUID of this host, which names it in certificates and in the backend; kept in `<data directory>/host_uuid`, as
 * Teleport does, and made at the first start.
 *
 * @throws {ToolError} `bad_parameter` when the file holds something else.
 */
export async function openHostId(
  dataDir: string,
  { random }: Pick<Deps, "random">,
): Promise<string> {
  const path = `${dataDir}/host_uuid`;
  try {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(path, random.uuid() + "\n", { createNew: true, mode: 0o600 });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) {
      throw new ToolError("internal", `cannot write ${path}: ${messageOf(cause)}`, { cause });
    }
  }
  const id = (await Deno.readTextFile(path)).trim();
  if (!UUID.test(id)) {
    throw new ToolError("bad_parameter", `${path} does not hold a UUID`, {
      hint: "Remove the file; a new id is made at the next start.",
    });
  }
  return id;
}
