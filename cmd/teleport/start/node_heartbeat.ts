import { getLogger } from "@logtape/logtape";
import type { Auth } from "../../../lib/auth/mod.ts";
import type { Deps } from "../../../lib/deps/mod.ts";
import { isToolError } from "../../../lib/errors/mod.ts";
import { VERSION } from "../../version.ts";
import { SELF } from "./self.ts";

const log = getLogger(["latchkey", "teleport"]);

/** How long a node is listed after its last heartbeat, as in Teleport. */
const TTL_MS = 10 * 60_000;
/** Half of that, so that one heartbeat may get lost. */
const INTERVAL_MS = TTL_MS / 2;

/**
 * Lists this machine as a node, again and again until disposed of, which takes it off the list. A process that is killed is
 * taken off when its last heartbeat expires.
 */
export async function startHeartbeat(
  auth: Auth,
  node: { hostname: string; addr: string; labels: Record<string, string> },
  deps: Pick<Deps, "clock">,
): Promise<AsyncDisposable> {
  const beat = () =>
    auth.nodes.upsert(SELF, {
      kind: "node",
      sub_kind: "",
      version: "v2",
      metadata: {
        name: auth.hostId,
        labels: node.labels,
        expires: new Date(deps.clock.now() + TTL_MS).toISOString(),
      },
      spec: { addr: node.addr, hostname: node.hostname, public_addrs: [], version: VERSION },
    });
  await beat();
  log.info("this machine is listed as node {hostname} at {address}", {
    hostname: node.hostname,
    address: node.addr,
  });
  const timer = setInterval(() => {
    beat().catch((error) => log.error("heartbeat of this node failed: {error}", { error }));
  }, INTERVAL_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await auth.nodes.delete(SELF, auth.hostId).catch((error) => {
        if (!isToolError(error, "not_found")) throw error;
      });
    },
  };
}
