/**
 * Calls of a cluster's RPCs, with whatever certificate a test has at hand.
 *
 * @module
 */

import { once } from "node:events";
import { generateKeyPair } from "../../lib/keys/mod.ts";
import { clusterServerName } from "../../lib/wire/mod.ts";
import { GrpcClient } from "../../lib/wire/grpc/mod.ts";
import { loginCertificatesSchema, loginFinishBody } from "../../lib/wire/web_api.ts";
import type { InProcessCluster } from "./in_process_cluster.ts";
import type { Person } from "./person.ts";
import { rawConnect, rawRequest } from "./raw_http.ts";

/** A client's certificate and key, and whom it trusts. */
export interface Identity {
  cert?: string;
  key?: string;
  ca: string[];
}

const NAME = clusterServerName("demo");

/** Signs `person` in for a tool. */
export async function identityOf(cluster: InProcessCluster, person: Person): Promise<Identity> {
  const pass = "correct horse battery";
  const begun = await person.call("POST", "/webapi/mfa/login/begin", { user: "alice", pass });
  const keys = generateKeyPair();
  const body = loginFinishBody({
    user: "alice",
    response: await person.key.get(begun.body.webauthn_challenge.publicKey, cluster.url),
    sshPublicKey: keys.sshPublicKey,
    tlsPublicKeyPem: keys.publicKeyPem,
  }, "both");
  const { text } = await rawRequest(cluster, "POST", "/webapi/mfa/login/finish", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const { tlsCertificate, hostSigners } = loginCertificatesSchema.parse(JSON.parse(text));
  return { cert: tlsCertificate, key: keys.privateKeyPem, ca: hostSigners[0]!.tlsCerts };
}

/** An RPC client over TLS with these ALPN protocols. */
export function rpcClient(
  cluster: InProcessCluster,
  { cert, key, ca }: Identity,
  ALPNProtocols: string[] | undefined,
): GrpcClient {
  return new GrpcClient({
    authority: NAME,
    connect: async () => {
      const socket = rawConnect(cluster, { cert, key, ca, ALPNProtocols, servername: NAME });
      await once(socket, "secureConnect");
      return socket;
    },
  });
}
