import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { ToolError } from "../../lib/errors/mod.ts";
import {
  type NodeResource,
  parseResources,
  type PlacedResource,
  type RoleResource,
} from "../../lib/resources/mod.ts";
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
    .option(
      "-f, --force",
      "Overwrite a resource that exists (nodes and roles are always overwritten)",
    )
    .action(async (file: string) => {
      const text = file === "-" ? await readStream(Deno.stdin.readable, "-") : await readText(file);
      const resources = readCreatable({ text, file });
      await runWithAdmin(command, deps, (context) => runCreate(resources, context));
    });
  return addSharedFlags(command);
}

/** What can be created. */
export type Creatable = NodeResource | RoleResource;

/**
 * All resources of a file.
 *
 * @throws {ToolError} `bad_parameter` with file, line and column for the first thing that cannot be created.
 */
export function readCreatable({ text, file }: CreateOptions): Creatable[] {
  const resources = parseResources(text, file);
  if (resources.length === 0) {
    throw new ToolError("bad_parameter", `${file} is empty, expected resources`);
  }
  return resources.map(creatable);
}

/** Writes the resources. A node without a name gets a UUID. */
export async function runCreate(
  resources: readonly Creatable[],
  context: Context,
): Promise<void> {
  for (const resource of resources) {
    const name = resource.metadata.name || context.random.uuid();
    if (resource.kind === "role") await context.admin.upsertRole(resource);
    else {
      await context.admin.upsertNode({ ...resource, metadata: { ...resource.metadata, name } });
    }
    await context.terminal.stdout(`${resource.kind} ${printable(name)} has been created\n`);
  }
}

function creatable({ resource, place }: PlacedResource): Creatable {
  if (resource.kind === "node" || resource.kind === "role") return resource;
  throw new ToolError(
    "not_implemented",
    `${place}: creating resources of type ${
      JSON.stringify(resource.kind)
    } is not supported, expected node or role`,
  );
}
