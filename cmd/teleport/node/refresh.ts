import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { messageOf } from "../../../lib/errors/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";
import { defaultDataDir } from "../../data_dir.ts";
import { formatDuration, parseDuration } from "../../duration.ts";
import { VERSION } from "../../version.ts";
import { dataDirOption } from "../flags.ts";
import { OPENSSH_DIRECTORY } from "../join/openssh.ts";

/** `teleport node refresh`. */
export function refreshCommand(deps: Deps): Command {
  return new Command("refresh")
    .description(
      "Tell the cluster that this machine is there, fetch its rules, renew what is to be renewed.",
    )
    .addOption(dataDirOption())
    .addOption(
      new Option(
        "--every <duration>",
        "Do it again and again, as a service; a failure is told and tried again",
      )
        .argParser(parseDuration),
    )
    .action(async ({ dataDir, every }: { dataDir?: string; every?: number }) => {
      const directory = join(resolve(dataDir ?? defaultDataDir(deps)), OPENSSH_DIRECTORY);
      if (every === undefined) await refresh(directory, deps);
      else await refreshAgainAndAgain(directory, every, deps);
    });
}

async function refresh(directory: string, deps: Deps): Promise<void> {
  const { refreshNode } = await import("../../../lib/node/mod.ts");
  const { node, renewed, policyExpiresAtMs } = await refreshNode(directory, VERSION, deps);
  const left = formatDuration(policyExpiresAtMs - deps.clock.now());
  const also = renewed ? ", with new certificates" : "";
  await deps.terminal.stdout(
    printable(
      `${node.nodeName} is listed in cluster ${node.clusterName}, and knows its rules for ${left}${also}`,
    ) +
      "\n",
  );
}

async function refreshAgainAndAgain(
  directory: string,
  everyMs: number,
  deps: Deps,
): Promise<void> {
  const interrupted = deps.process.interrupted();
  while (!interrupted.aborted) {
    try {
      await refresh(directory, deps);
    } catch (error) {
      await deps.terminal.stderr(`${printable(`refresh failed: ${messageOf(error)}`)}\n`);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, everyMs);
    interrupted.addEventListener("abort", () => resolve(), { once: true });
    if (interrupted.aborted) resolve();
    await promise;
    clearTimeout(timer);
  }
}
