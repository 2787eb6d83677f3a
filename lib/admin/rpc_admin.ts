import { createHash, X509Certificate } from "node:crypto";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { NodeResource, RoleResource } from "../resources/mod.ts";
import { AuthService } from "../wire/gen/auth_service_pb.ts";
import { TrustService } from "../wire/gen/trust_pb.ts";
import type { GrpcClient } from "../wire/grpc/mod.ts";
import type {
  Admin,
  AdminAuthority,
  AdminInvitation,
  AdminToken,
  AdminUser,
  ClusterStatus,
  NodeQuery,
} from "./admin.ts";
import {
  invitationOfMessage,
  messageOfNode,
  messageOfRole,
  messageOfUser,
  NAMESPACE,
  nodeOfMessage,
  userOfMessage,
} from "./convert.ts";

const call = AuthService.method;
const trust = TrustService.method;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Longest that a call may take. */
const TIMEOUT = { timeoutMs: 30_000 };

/** Nodes in one answer; a message is at most 4 MiB. */
const PAGE_SIZE = 1_000;
const NANOSECONDS_PER_MS = 1_000_000n;

/** {@linkcode Admin} by the auth service's RPCs. */
export class RpcAdmin implements Admin {
  readonly #client: GrpcClient;
  readonly #hostCasPem: readonly string[];

  /** Speaks through `client`, which is this object's from now on. */
  constructor(client: GrpcClient, hostCasPem: readonly string[]) {
    this.#client = client;
    this.#hostCasPem = hostCasPem;
  }

  async status(): Promise<ClusterStatus> {
    const { clusterName, serverVersion, proxyPublicAddr } = await this.#client.unary(
      call.ping,
      {},
      TIMEOUT,
    );
    return {
      clusterName,
      version: serverVersion,
      proxyPublicAddr,
      caPins: this.#hostCasPem.map(pinOf),
    };
  }

  async listUsers(): Promise<AdminUser[]> {
    const users: AdminUser[] = [];
    for await (const message of this.#client.serverStream(call.getUsers, {}, TIMEOUT)) {
      users.push(userOfMessage(message));
    }
    return users.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  async createUser(user: { name: string; roles: string[]; logins: string[] }): Promise<void> {
    await this.#client.unary(call.createUser, messageOfUser(user), TIMEOUT);
  }

  async deleteUser(name: string): Promise<void> {
    await this.#client.unary(call.deleteUser, { name }, TIMEOUT);
  }

  async invite(
    name: string,
    { reset, ttlMs = 0 }: { reset: boolean; ttlMs?: number },
  ): Promise<AdminInvitation> {
    const type = reset ? "password" : "invite";
    const ttl = BigInt(ttlMs) * NANOSECONDS_PER_MS;
    const token = await this.#client.unary(
      call.createResetPasswordToken,
      { name, type, ttl },
      TIMEOUT,
    );
    return invitationOfMessage(token);
  }

  async listNodes(query: NodeQuery): Promise<NodeResource[]> {
    const nodes: NodeResource[] = [];
    let startKey = "";
    do {
      const page = await this.#client.unary(call.listResources, {
        ...query,
        resourceType: "node",
        namespace: NAMESPACE,
        limit: PAGE_SIZE,
        startKey,
      }, TIMEOUT);
      for (const { resource } of page.resources) {
        if (resource.case === "node") nodes.push(nodeOfMessage(resource.value));
      }
      startKey = page.nextKey;
    } while (startKey !== "");
    return nodes;
  }

  async upsertNode(node: NodeResource): Promise<void> {
    await this.#client.unary(call.upsertNode, messageOfNode(node), TIMEOUT);
  }

  async deleteNode(name: string): Promise<void> {
    await this.#client.unary(call.deleteNode, { name, namespace: NAMESPACE }, TIMEOUT);
  }

  async upsertRole(role: RoleResource): Promise<void> {
    await this.#client.unary(call.upsertRole, messageOfRole(role), TIMEOUT);
  }

  async deleteRole(name: string): Promise<void> {
    await this.#client.unary(call.deleteRole, { name }, TIMEOUT);
  }

  async createToken(token: string, expiresAtMs: number): Promise<void> {
    await this.#client.unary(call.createToken, {
      kind: "token",
      version: "v2",
      metadata: { name: token, namespace: NAMESPACE, expires: timestampFromMs(expiresAtMs) },
      spec: { roles: ["Node"], joinMethod: "token" },
    }, TIMEOUT);
  }

  async listTokens(): Promise<AdminToken[]> {
    const { provisionTokens } = await this.#client.unary(call.getTokens, {}, TIMEOUT);
    return provisionTokens.map(({ metadata }) => ({
      id: metadata?.name ?? "",
      expiresAtMs: metadata?.expires ? timestampMs(metadata.expires) : Infinity,
    }));
  }

  async deleteToken(tokenOrId: string): Promise<void> {
    await this.#client.unary(call.deleteToken, { name: tokenOrId }, TIMEOUT);
  }

  async authority(kind: "user" | "host"): Promise<AdminAuthority> {
    const { certAuthorities } = await this.#client.unary(
      trust.getCertAuthorities,
      { type: kind },
      TIMEOUT,
    );
    const keys = certAuthorities.flatMap(({ spec }) => spec?.activeKeys ?? []);
    return {
      sshKeys: keys.flatMap(({ ssh }) => ssh.map(({ publicKey }) => text(publicKey).trim())),
      tlsCerts: keys.flatMap(({ tls }) => tls.map(({ cert }) => text(cert))),
    };
  }

  async certifyHost(
    { sshPublicKey, principals, ttlMs }: {
      sshPublicKey: string;
      principals: string[];
      ttlMs?: number;
    },
  ): Promise<string> {
    const { sshCertificate } = await this.#client.unary(trust.generateHostCert, {
      key: new TextEncoder().encode(sshPublicKey),
      principals,
      role: "Node",
      ...(ttlMs !== undefined && { ttl: durationFromMs(ttlMs) }),
    }, TIMEOUT);
    return text(sshCertificate).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** Teleport's CA pin: the digest of the certificate's public key, by which a node knows its cluster. */
function pinOf(certificatePem: string): string {
  const { publicKey } = new X509Certificate(certificatePem);
  const digest = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" }));
  return `sha256:${digest.digest("hex")}`;
}
