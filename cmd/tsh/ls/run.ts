import { parseLabels, parseSearchKeywords } from "../../../lib/client/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { debugWriter } from "../debug.ts";
import { openSession } from "../session.ts";
import type { LsOptions } from "./mod.ts";
import { formatNodes } from "./print.ts";

/** Signs in, lists, prints. Only results go to standard output. */
export async function runLs(options: LsOptions, deps: Deps): Promise<void> {
  const query = {
    labels: options.labels === undefined ? {} : parseLabels(options.labels),
    searchKeywords: options.search === undefined ? [] : parseSearchKeywords(options.search),
    predicateExpression: options.query ?? "",
  };
  const debug = debugWriter(options, deps);
  const meanwhile = () => warmUp(options);
  await using cluster = await openSession(options, deps, { debug, meanwhile });
  const nodes = await cluster.listNodes(query, deps.process.interrupted());
  debug(`listed ${nodes.length} nodes`);
  const columns = deps.terminal.stdoutIsTerminal ? deps.terminal.columns() ?? 80 : undefined;
  await deps.terminal.stdout(await formatNodes(nodes, { ...options, columns }));
  if (nodes.length === 0) await deps.terminal.stderr(NONE);
}

/** Loads what printing needs: for YAML a library of some 40 ms. */
async function warmUp(options: LsOptions): Promise<void> {
  await formatNodes([], { ...options, columns: undefined });
}

const NONE = "No nodes to show: none match, or your roles give you no login on those that do.\n";
