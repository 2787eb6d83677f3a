import { getLogger } from "@logtape/logtape";
import type { Deps } from "../../../lib/deps/mod.ts";
import { loadConfig } from "../../config_file.ts";
import { VERSION } from "../../version.ts";
import { startCluster } from "./cluster.ts";
import { keepRunning } from "./keep_running.ts";
import { startLogging } from "./logging.ts";
import type { StartOptions } from "./mod.ts";
import { resolveSettings } from "./settings.ts";

const log = getLogger(["latchkey", "teleport"]);

/**
 * Runs a cluster until the process is asked to end. SIGHUP reads certificates again.
 *
 * @throws {ToolError} When it cannot start; then nothing is left half done.
 */
export async function runStart(options: StartOptions, deps: Deps): Promise<void> {
  const { config, warnings } = await loadConfig(options.config);
  const settings = resolveSettings(config, options, deps);
  const { severity, format } = config.teleport.log;
  await using _log = await startLogging({
    severity: options.debug ? "trace" : severity,
    format: format.output ?? "text",
  }, deps);
  log.info("latchkey {version} starts cluster {name} with data directory {dataDir}", {
    version: VERSION,
    name: settings.clusterName,
    dataDir: settings.dataDir,
  });
  for (const warning of warnings) log.warn("{warning}", { warning });

  const interrupted = deps.process.interrupted();
  using _keptRunning = keepRunning();
  await using cluster = await startCluster(settings, deps);
  using _hangup = deps.process.onHangup(() => {
    cluster.reload().catch((error) =>
      log.error("certificates cannot be read again: {error}", { error })
    );
  });
  log.info("cluster {name} is ready at {url}", { name: settings.clusterName, url: cluster.url });
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  log.info("stopping: {reason}", { reason: (interrupted.reason as Error).message });
}
