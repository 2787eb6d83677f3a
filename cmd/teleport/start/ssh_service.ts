import { isIP } from "node:net";
import { join } from "node:path";
import type { Auth } from "../../../lib/auth/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { NodeAgent } from "../../../lib/node/mod.ts";
import { startHeartbeat } from "./node_heartbeat.ts";
import { SELF } from "./self.ts";
import { type ClusterSettings, dialAddress } from "./settings.ts";

/** Life of the host certificate. It is renewed when half of it is over, and at each start. */
const CERTIFICATE_TTL_MS = 7 * 24 * 3_600_000;

/** Runs this machine as a node of the cluster in this process. Whatever goes wrong is in the log; the cluster goes on. */
export function startSshService(
  auth: Auth,
  { node, dataDir }: { node: NonNullable<ClusterSettings["node"]>; dataDir: string },
  deps: Pick<Deps, "clock" | "env">,
): Promise<NodeAgent> {
  const { hostname, listen, labels } = node;
  const isOwnAddress = isIP(listen.host) !== 0 && !["0.0.0.0", "::"].includes(listen.host);
  return NodeAgent.start({
    directory: join(dataDir, "node"),
    listen,
    cluster: {
      certify: (sshPublicKey) =>
        auth.hosts.certify(SELF, {
          sshPublicKey,
          hostId: auth.hostId,
          nodeName: hostname,
          principals: isOwnAddress ? [listen.host] : [],
          ttlMs: CERTIFICATE_TTL_MS,
        }),
      policy: () => auth.hosts.policyOf(SELF, { node: auth.hostId, labels }),
      policyChanges: (signal) => auth.hosts.policyChanges(SELF, signal),
      list: (port) =>
        startHeartbeat(auth, { hostname, labels, addr: dialAddress({ ...listen, port }) }, deps),
    },
    deps,
  });
}
