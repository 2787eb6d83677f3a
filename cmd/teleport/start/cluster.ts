import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { openAuth } from "../../../lib/auth/mod.ts";
import { DATABASE_FILE, openSqliteBackend } from "../../../lib/backend/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import {
  fixedCertificates,
  listenError,
  startProxy,
  watchCertificateFiles,
} from "../../../lib/proxy/mod.ts";
import { type HostPort, joinHostPort, splitHostPort } from "../../../lib/resources/mod.ts";
import { removeRuntimeFacts, writeRuntimeFacts } from "../../data_dir.ts";
import { type ClusterSettings, dialAddress } from "./settings.ts";
import { startSshService } from "./ssh_service.ts";
import { openWebCertificate } from "./web_certificate.ts";

const log = getLogger(["latchkey", "teleport"]);

/** A running cluster. Ends in order when disposed of: nobody new, then those under way, then the store. */
export interface Cluster extends AsyncDisposable {
  /** The port that is listened on. */
  readonly port: number;
  /** Address of the pages, without a slash at the end. */
  readonly url: string;
  /** Reads certificates again. */
  reload(): Promise<void>;
}

/**
 * Starts a cluster in this process:
 * 1. what may be wrong is read or tried first (certificates, the port of a new cluster), so that a mistake leaves no trace;
 * 2. the data directory is locked and its store opened;
 * 3. auth, then the proxy on its port, then this machine as a node;
 * 4. last, the file by which tctl finds it all.
 *
 * @throws {ToolError} With what is in the way: `connection` (port in use), `already_exists` (data directory in use),
 * `bad_parameter`, `access_denied`. What was started is ended again.
 */
export async function startCluster(
  settings: ClusterSettings,
  deps: Pick<Deps, "clock" | "random" | "env">,
): Promise<Cluster> {
  const { dataDir, clusterName, listen, publicAddr } = settings;
  await using starting = new AsyncDisposableStack();
  const files = settings.keypairs.length > 0
    ? starting.use(await watchCertificateFiles(settings.keypairs))
    : undefined;
  if (!await exists(join(dataDir, DATABASE_FILE))) tryListen(listen);
  const backend = starting.use(openSqliteBackend(dataDir, deps));
  const publicHost = splitHostPort(publicAddr, 0)!;
  let port = listen.port;
  const auth = starting.use(
    await openAuth({
      backend,
      dataDir,
      clusterName,
      proxyAddress: () => joinHostPort({ host: publicHost.host, port: publicHost.port || port }),
      ...(settings.authentication && { authentication: settings.authentication }),
      defaultRpId: settings.defaultRpId,
      limits: settings.authLimits,
      deps,
    }),
  );
  const certificates = files ??
    fixedCertificates([await openWebCertificate(dataDir, publicHost.host, deps)]);
  const proxy = starting.use(
    await startProxy({
      auth,
      listen: { hostname: listen.host || "0.0.0.0", port },
      publicAddr,
      certificates,
      trustedProxies: settings.trustedProxies,
      limits: settings.proxyLimits,
      deps,
    }),
  );
  port = proxy.port;
  if (settings.node !== undefined) {
    starting.use(await startSshService(auth, { node: settings.node, dataDir }, deps));
  }
  const address = dialAddress({ host: listen.host, port });
  await writeRuntimeFacts(dataDir, { pid: Deno.pid, address, clusterName });
  starting.defer(() => removeRuntimeFacts(dataDir));

  const { webauthn: { rpId } } = await auth.settings.authPreference();
  if (rpId === "localhost") {
    log.warn(
      "rp_id is localhost, which is for a trial on one machine: pages of any program on this machine could ask for such a " +
        "security key's signature. Set auth_service.authentication.webauthn.rp_id to your domain before others register keys.",
    );
  }
  const started = starting.move();
  return {
    port,
    url: proxy.url,
    reload: async () => await files?.reload(),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    // Whatever is the matter, opening the store says it better.
    return false;
  }
}

/** Whether the port can be had, before a data directory is made for a cluster that could not start. */
function tryListen({ host, port }: HostPort): void {
  try {
    Deno.listen({ hostname: host || "0.0.0.0", port }).close();
  } catch (error) {
    throw listenError(error, joinHostPort({ host, port }));
  }
}
