import { Command } from "commander";
import type { Deps } from "../../lib/deps/mod.ts";
import { ToolError } from "../../lib/errors/mod.ts";
import { printable } from "../../lib/terminal/mod.ts";
import type { Context } from "./context.ts";
import { addSharedFlags } from "./flags.ts";
import { runWithAdmin } from "./run_with_admin.ts";

/** A resource by kind and name. */
export interface ResourceReference {
  kind: "node" | "role";
  name: string;
}

/** `tctl rm`. */
export function rmCommand(deps: Deps): Command {
  const command = new Command("rm")
    .alias("del")
    .description("Delete a resource.")
    .argument("<kind/name>", "The resource, for example node/5da56852-2adb-4540-a37c-80790203f6a9")
    .action(async (text: string) => {
      const reference = parseReference(text);
      await runWithAdmin(command, deps, (context) => runRemove(reference, context));
    });
  return addSharedFlags(command);
}

/**
 * Takes `kind/name` apart.
 *
 * @throws {ToolError} `usage` when it is not that, or of a kind that cannot be deleted so.
 */
export function parseReference(text: string): ResourceReference {
  const [, kind, name] = /^([^/]+)\/(.+)$/.exec(text) ?? [];
  if (kind === undefined || name === undefined) {
    throw new ToolError(
      "usage",
      `${JSON.stringify(text)} is not a resource, expected kind/name, for example node/NAME`,
    );
  }
  if (kind === "node" || kind === "nodes") return { kind: "node", name };
  if (kind === "role" || kind === "roles") return { kind: "role", name };
  throw new ToolError(
    "usage",
    `deleting resources of type ${JSON.stringify(kind)} is not supported, expected node or role`,
    {
      ...(kind.startsWith("user") && { hint: "Delete users with: tctl users rm" }),
    },
  );
}

/** Deletes the resource. */
export async function runRemove(
  { kind, name }: ResourceReference,
  context: Context,
): Promise<void> {
  if (kind === "role") await context.admin.deleteRole(name);
  else await context.admin.deleteNode(name);
  await context.terminal.stdout(`${kind} ${printable(name)} has been deleted\n`);
}
