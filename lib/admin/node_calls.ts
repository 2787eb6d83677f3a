/**
 * What a machine that has joined asks the auth service for, with the certificate that it was given.
 *
 * @module
 */

import { checkNode, type NodeResource } from "../resources/mod.ts";
import { AuthService } from "../wire/gen/auth_service_pb.ts";
import { NodePolicyService } from "../wire/gen/node_pb.ts";
import type { GrpcClient } from "../wire/grpc/mod.ts";
import { type AdminTarget, connectAuth } from "./connect.ts";
import { messageOfNode } from "./convert.ts";

/** Longest that a call may take. */
const TIMEOUT = { timeoutMs: 30_000 };

/** Keys for which a node wants certificates. */
export interface NodeKeys {
  /** authorized_keys line. */
  sshPublicKey: string;
  /** SubjectPublicKeyInfo in PEM. */
  tlsPublicKeyPem: string;
  /** Names and addresses beside its own. */
  additionalPrincipals: string[];
}

/** The auth service as a node calls it. */
export interface NodeCalls extends AsyncDisposable {
  /** Lists the node, until `metadata.expires`. */
  heartbeat(node: NodeResource): Promise<void>;
  /** New certificates, for SSH one line and for TLS in PEM. */
  renew(keys: NodeKeys): Promise<{ sshCertificate: string; tlsCertificate: string }>;
  /** What the node decides by: JSON, as `lib/auth/access` has it. */
  policy(node: string): Promise<string>;
}

/**
 * Connects as a node.
 *
 * @throws {ToolError} `connection` when nothing answers there, `trust` when another cluster does.
 */
export async function connectNode(target: AdminTarget): Promise<NodeCalls> {
  return new RpcNodeCalls(await connectAuth(target));
}

class RpcNodeCalls implements NodeCalls {
  readonly #client: GrpcClient;

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  async heartbeat(node: NodeResource): Promise<void> {
    await this.#client.unary(
      AuthService.method.upsertNode,
      messageOfNode(checkNode(node)),
      TIMEOUT,
    );
  }

  async renew(
    { sshPublicKey, tlsPublicKeyPem, additionalPrincipals }: NodeKeys,
  ): Promise<{ sshCertificate: string; tlsCertificate: string }> {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const { ssh, tls } = await this.#client.unary(AuthService.method.generateHostCerts, {
      role: "Node",
      publicSshKey: bytes(sshPublicKey),
      publicTlsKey: bytes(tlsPublicKeyPem),
      additionalPrincipals,
    }, TIMEOUT);
    const text = (value: Uint8Array) => new TextDecoder().decode(value);
    return { sshCertificate: text(ssh).trim(), tlsCertificate: text(tls) };
  }

  async policy(node: string): Promise<string> {
    const { policy } = await this.#client.unary(
      NodePolicyService.method.getNodePolicy,
      { node },
      TIMEOUT,
    );
    return new TextDecoder().decode(policy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
