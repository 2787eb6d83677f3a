/**
 * Reads `teleport.yaml` for `teleport` and `tctl`.
 *
 * @module
 */

import { messageOf, ToolError } from "../lib/errors/mod.ts";
import {
  defaultTeleportConfig,
  type LoadedConfig,
  parseTeleportConfig,
} from "../lib/resources/mod.ts";

/** Longest file that is read: more than the parser takes, so that the parser is the one to refuse. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;

/**
 * The configuration in `path`, or the defaults without one. `/etc/teleport.yaml` is not looked for: where it exists it is
 * most likely a real Teleport's.
 *
 * @throws {ToolError} `bad_parameter` or `access_denied`, naming the file, and the place in it.
 */
export async function loadConfig(path: string | undefined): Promise<LoadedConfig> {
  if (path === undefined) return { config: defaultTeleportConfig(), warnings: [] };
  return parseTeleportConfig(await readText(path), path);
}

/**
 * The text of a file that a person named.
 *
 * @throws {ToolError} `not_found`, `access_denied`, `limit_exceeded` or `bad_parameter`, naming the file.
 */
export async function readText(path: string): Promise<string> {
  try {
    const { size, isDirectory } = await Deno.stat(path);
    if (isDirectory) throw new ToolError("bad_parameter", `cannot read ${path}: it is a directory`);
    if (size > MAX_FILE_BYTES) {
      throw new ToolError("limit_exceeded", `${path} is too large: at most 1 MiB of YAML is read`);
    }
    return decode(path, await Deno.readFile(path));
  } catch (error) {
    if (error instanceof ToolError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new ToolError("not_found", `cannot read ${path}: no such file`, { cause: error });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ToolError("access_denied", `cannot read ${path}: permission denied`, {
        cause: error,
      });
    }
    throw new ToolError("bad_parameter", `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The text of a stream, which may not end by itself. */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  name: string,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_FILE_BYTES) {
      throw new ToolError("limit_exceeded", `${name} is too large: at most 1 MiB of YAML is read`);
    }
  }
  return decode(
    name,
    new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer()),
  );
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ToolError("bad_parameter", `cannot read ${name}: it is not text in UTF-8`, {
      cause: error,
    });
  }
}
