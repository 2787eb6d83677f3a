import { generateKeyPairSync } from "node:crypto";
import type { Deps } from "../deps/mod.ts";
import { issueCertificate } from "../keys/x509/mod.ts";
import { clusterServerName } from "../wire/mod.ts";
import type { Authorities } from "./authorities.ts";
import { CERTIFICATE_BACKDATE_MS } from "./limits.ts";

/** Life of the auth service's own certificate. Its key is in memory only, and new at each start. */
const TTL_MS = 2 * 365 * 24 * 3600 * 1000;

/** What the listener answers mTLS with. */
export interface ServerTls {
  certPem: string;
  keyPem: string;
  /** Whose client certificates are taken. */
  clientCasPem: string[];
}

/** Issues the certificate under which the auth service answers: `hex(cluster).teleport.cluster.local`. */
export async function issueServerTls(
  authorities: Authorities,
  { clusterName, hostId }: { clusterName: string; hostId: string },
  deps: Pick<Deps, "clock" | "random">,
): Promise<ServerTls> {
  // P-256, because not every TLS library takes Ed25519.
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = deps.clock.now();
  const name = `${hostId}.${clusterName}`;
  const certPem = await issueCertificate({
    ca: authorities.host.tls,
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }) as string,
    identity: {
      user: name,
      roles: ["Auth", "Proxy"],
      logins: [],
      routeToCluster: clusterName,
      traits: {},
      teleportCluster: clusterName,
    },
    names: [clusterServerName(clusterName), name, "localhost"],
    notBeforeMs: now - CERTIFICATE_BACKDATE_MS,
    notAfterMs: now + TTL_MS,
  }, deps);
  return {
    certPem,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    clientCasPem: [authorities.user.tls.certPem, authorities.host.tls.certPem],
  };
}
