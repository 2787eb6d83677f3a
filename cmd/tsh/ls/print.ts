/**
 * The nodes as `tsh ls` prints them.
 *
 * @module
 */

import type { Node } from "../../../lib/client/mod.ts";
import { formatTable, printable } from "../../../lib/terminal/mod.ts";
import type { Format } from "./mod.ts";

/** How to print. */
export interface PrintOptions {
  /** Text, names or data. */
  format: Format;
  /** Also ids, and nothing cut. */
  verbose: boolean;
  /** Columns of the terminal; absent when the output is not one, and then nothing is cut. */
  columns: number | undefined;
}

/** Prefix of labels that the cluster itself sets; they come last. */
const TELEPORT_NAMESPACE = "teleport.dev/";

/** Everything that goes to standard output. */
export async function formatNodes(
  nodes: readonly Node[],
  options: PrintOptions,
): Promise<string> {
  switch (options.format) {
    case "text":
      return options.verbose ? wideTable(nodes) : table(nodes, options.columns);
    case "names":
      return nodes.map((node) => printable(node.hostname) + "\n").join("");
    case "json":
      return escapeControls(JSON.stringify(resources(nodes), keepIntegers, 2)) + "\n";
    case "yaml":
      return await yaml(nodes);
  }
}

function table(nodes: readonly Node[], columns: number | undefined): string {
  return formatTable(
    [{ title: "Node Name" }, { title: "Address" }, { title: "Labels", givesWay: true }],
    nodes.map((node) => [node.hostname, addressOf(node), labelsInGroups(node.labels)]),
    { columns },
  );
}

function wideTable(nodes: readonly Node[]): string {
  return formatTable(
    [{ title: "Node Name" }, { title: "Node ID" }, { title: "Address" }, { title: "Labels" }],
    nodes.map((node) => [node.hostname, node.name, addressOf(node), pairs(node.labels).join(",")]),
  );
}

/** A node behind a reverse tunnel has no address of its own. */
function addressOf(node: Node): string {
  return node.useTunnel ? "⟵ Tunnel" : node.address;
}

/** The person's own labels first, then those with a name space, the cluster's last. */
function labelsInGroups(labels: Readonly<Record<string, string>>): string {
  const groups: [string[], string[], string[]] = [[], [], []];
  for (const pair of pairs(labels)) {
    const key = pair.slice(0, pair.indexOf("="));
    groups[pair.startsWith(TELEPORT_NAMESPACE) ? 2 : key.includes("/") ? 1 : 0].push(pair);
  }
  return groups.flat().join(",");
}

function pairs(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`).sort();
}

function resources(nodes: readonly Node[]): unknown[] {
  return nodes.map((node) => node.resource());
}

/** JSON numbers have no limit, JavaScript's have: a bigint is written digit by digit. */
function keepIntegers(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJson(String(value)) : value;
}

/** TypeScript does not know it yet (https://github.com/tc39/proposal-json-parse-with-source). */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };

/** JSON leaves DEL and C1 controls as they are, and a terminal may obey them. Inside a string both forms mean the same. */
function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

async function yaml(nodes: readonly Node[]): Promise<string> {
  const { Document, visit, Scalar } = await import("yaml");
  const document = new Document(resources(nodes), { sortMapEntries: true, version: "1.1" });
  visit(document, {
    // What could steer a terminal goes between double quotes, where YAML has escapes for it.
    Scalar(_key, node) {
      // deno-lint-ignore no-control-regex
      const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
      if (typeof node.value === "string" && unsafe.test(node.value)) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  return escapeControls(document.toString({ lineWidth: 0, directives: false }));
}
