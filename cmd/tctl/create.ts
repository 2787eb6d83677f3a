import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { ToolError } from "../../lib/errors/mod.ts";
import { type NodeResource, parseResources, type PlacedResource } from "../../lib/resources/mod.ts";
import { printable } from "../../lib/terminal/mod.ts";
import { readStream, readText } from "../config_file.ts";
import type { Context } from "./context.ts";
import { addSharedFlags } from "./flags.ts";
import { runWithAdmin } from "./run_with_admin.ts";

/** What `tctl create` was asked. */
export interface CreateOptions {
  /** What the file says. */
  text: string;
  /** The file's name, for messages; `-` for standard input. */
  file: string;
}

/** `tctl create`. */
export function createCommand(deps: Deps): Command {
  const command = new Command("create")
    .description(
      "Create or update resources from a YAML file. Nothing is written unless all of the file is right.",
    )
    .argument("[file]", "The file, or - for standard input", "-")
    .option("-f, --force", "Overwrite a resource that exists (nodes are always overwritten)")
    .action(async (file: string) => {
      const text = file === "-" ? await readStream(Deno.stdin.readable, "-") : await readText(file);
      const nodes = readNodes({ text, file });
      await runWithAdmin(command, deps, (context) => runCreate(nodes, context));
    });
  return addSharedFlags(command);
}

/**
 * All nodes of a file.
 *
 * @throws {ToolError} `bad_parameter` with file, line and column for the first thing that is not one.
 */
export function readNodes({ text, file }: CreateOptions): NodeResource[] {
  const resources = parseResources(text, file);
  if (resources.length === 0) {
    throw new ToolError("bad_parameter", `${file} is empty, expected resources`);
  }
  return resources.map(nodeOf);
}

/** Writes the nodes. One without a name gets a UUID. */
export async function runCreate(nodes: readonly NodeResource[], context: Context): Promise<void> {
  for (const node of nodes) {
    const name = node.metadata.name || context.random.uuid();
    await context.admin.upsertNode({ ...node, metadata: { ...node.metadata, name } });
    await context.terminal.stdout(`node ${printable(name)} has been created\n`);
  }
}

function nodeOf({ resource, place }: PlacedResource): NodeResource {
  if (resource.kind === "node") return resource;
  throw new ToolError(
    "not_implemented",
    `${place}: creating resources of type ${
      JSON.stringify(resource.kind)
    } is not supported, expected node`,
  );
}
