import { Command, InvalidArgumentError, Option } from "commander";
import type { NodeQuery } from "../../../lib/admin/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { formatResource, type NodeResource } from "../../../lib/resources/mod.ts";
import { formatTable, truncateToWidth } from "../../../lib/terminal/mod.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { collectWords } from "../lists.ts";
import { type Format, formatOption, toJson } from "../output.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** UUIDs are cut to this many characters unless asked for in full. */
const SHORT_UUID_LENGTH = 16;

/** What `tctl nodes ls` was asked. */
export interface ListNodesOptions {
  query: NodeQuery;
  format: Format;
  /** Whether UUIDs are shown in full. */
  verbose: boolean;
}

/** `tctl nodes ls`. */
export function lsCommand(deps: Deps): Command {
  const command = new Command("ls")
    .description("List SSH nodes.")
    .argument("[labels]", "Only nodes with these labels: key1=value1,key2=value2", parseLabels)
    .addOption(formatOption("json", "yaml"))
    .option("-v, --verbose", "Show UUIDs in full")
    .addOption(
      new Option(
        "--search <words>",
        "Only nodes in which all of these words are found, between commas",
      )
        .argParser(collectWords),
    )
    .option(
      "--query <expression>",
      `Only nodes for which this holds, like 'labels["env"] == "prod"'`,
    )
    .action(
      async (
        labels: Record<string, string> | undefined,
        options: { format: Format; verbose?: true; search?: string[]; query?: string },
      ) => {
        const query: NodeQuery = {
          ...(labels && { labels }),
          ...(options.search && { searchKeywords: options.search }),
          ...(options.query && { predicateExpression: options.query }),
        };
        const { format, verbose = false } = options;
        await runWithAdmin(
          command,
          deps,
          (context) => runListNodes({ query, format, verbose }, context),
        );
      },
    );
  return addSharedFlags(command);
}

/** Prints the nodes that were asked for. */
export async function runListNodes(options: ListNodesOptions, context: Context): Promise<void> {
  const nodes = await context.admin.listNodes(options.query);
  await context.terminal.stdout(format(nodes, options));
}

function format(nodes: readonly NodeResource[], { format, verbose }: ListNodesOptions): string {
  switch (format) {
    case "json":
      return toJson(nodes);
    case "yaml":
      return nodes.map(formatResource).join("---\n");
    case "text": {
      const titles = ["Host", "UUID", "Public Address", "Labels", "Version"];
      return formatTable(
        titles.map((title) => ({ title })),
        nodes.map((node) => rowOf(node, verbose)),
      );
    }
  }
}

function rowOf({ metadata, spec }: NodeResource, verbose: boolean): string[] {
  const { name } = metadata;
  const isLong = !verbose && name.length > SHORT_UUID_LENGTH;
  const labels = Object.entries(metadata.labels).sort(([a], [b]) => a < b ? -1 : 1);
  return [
    spec.hostname,
    isLong ? `${truncateToWidth(name, SHORT_UUID_LENGTH)}...` : name,
    spec.public_addrs[0] ?? spec.addr,
    labels.map(([key, value]) => `${key}=${value}`).join(","),
    spec.version,
  ];
}

function parseLabels(text: string): Record<string, string> {
  const entries = collectWords(text, undefined).map((word) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    if (key === undefined) {
      throw new InvalidArgumentError("Expected labels like env=prod,arch=x86_64.");
    }
    return [key.trim(), value!.trim()] as const;
  });
  return Object.fromEntries(entries);
}
