import { z } from "zod";
import type { Backend } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import type { NodePolicy } from "../access/mod.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type {
  Caller,
  ClientInfo,
  HostCertificateRequest,
  HostCertificates,
  HostJoinRequest,
  HostKeys,
  Hosts,
} from "../auth.ts";
import type { Authorities } from "../authorities.ts";
import { requireAdmin } from "../errors.ts";
import type { NodeService } from "../nodes/nodes.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { Records } from "../records.ts";
import { hostKey } from "../store_keys.ts";
import type { HostCertificateIssuer } from "./host_certificates.ts";
import type { JoinTokenService } from "./join_tokens.ts";
import type { NodePolicies } from "./node_policies.ts";

/** Life of a joined node's certificates; it renews them itself, so this is how long a machine may be switched off. */
export const HOST_CERTIFICATE_TTL_MS = 30 * 24 * 3_600_000;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A machine that has joined. Without this record its certificates are good for nothing. */
interface HostRecord {
  nodeName: string;
  joinedAtMs: number;
}

const schema: z.ZodType<HostRecord> = z.object({ nodeName: z.string(), joinedAtMs: z.number() });

/** What the host service needs. */
export interface HostsContext {
  backend: Backend;
  audit: AuditLog;
  authorities: Authorities;
  issuer: HostCertificateIssuer;
  tokens: JoinTokenService;
  nodes: NodeService;
  policies: NodePolicies;
  /** UUID of the machine that the cluster runs on, which nobody else may take. */
  hostId: string;
  perAddress: RateLimiter;
  deps: Pick<Deps, "clock">;
}

/** Machines that are nodes of the cluster: how they join, and what they are given. */
export class HostService implements Hosts {
  readonly #context: HostsContext;
  readonly #records: Records<HostRecord>;

  /** Hosts kept in the context's backend. */
  constructor(context: HostsContext) {
    this.#context = context;
    this.#records = new Records(context.backend, "host", schema);
  }

  async join(request: HostJoinRequest, client: ClientInfo): Promise<HostCertificates> {
    const { tokens, nodes, backend, audit, perAddress, hostId, deps } = this.#context;
    perAddress.take(client.address);
    await tokens.require(request.token);
    if (!UUID.test(request.hostId)) {
      throw new ToolError("bad_parameter", "the host's id is not a UUID");
    }
    // Somebody with a token may add a machine, not become one that is here already.
    const isTaken = request.hostId === hostId || nodes.get(request.hostId) !== undefined;
    if (isTaken || nodes.hasHostname(request.nodeName)) {
      throw new ToolError(
        "already_exists",
        `there is a node named "${request.nodeName.slice(0, 255)}" already`,
        { hint: "Choose another --node-name, or remove the other node with: tctl rm node/<uuid>" },
      );
    }
    const certificates = await this.#issue(request);
    const record = { nodeName: request.nodeName, joinedAtMs: deps.clock.now() };
    try {
      await backend.create(this.#records.encode(hostKey(request.hostId), record));
    } catch (error) {
      if (!isToolError(error, "already_exists")) throw error;
      throw new ToolError("already_exists", "a host of this id has joined already");
    }
    audit.emit("hostJoined", { message: request.nodeName, address: client.address });
    return certificates;
  }

  async renew(caller: Caller, keys: HostKeys): Promise<HostCertificates> {
    if (caller.kind !== "host") throw notAHost();
    const record = (await this.#records.find(hostKey(caller.hostId)))?.value;
    if (record === undefined) throw notAHost();
    return await this.#issue({ ...keys, hostId: caller.hostId, nodeName: record.nodeName });
  }

  // deno-lint-ignore require-await -- async, so that a refusal rejects
  async certify(
    caller: Caller,
    { sshPublicKey, ttlMs, hostId = "", nodeName = "", principals: additionalPrincipals }:
      HostCertificateRequest,
  ): Promise<{ certificate: string; expiresAtMs: number }> {
    requireAdmin(caller);
    const { issuer } = this.#context;
    const principals = issuer.principalsOf({ hostId, nodeName, additionalPrincipals });
    return issuer.ssh({ keyId: principals[0] ?? "", principals, sshPublicKey, ttlMs });
  }

  async policy(caller: Caller, name: string): Promise<NodePolicy> {
    if (caller.kind !== "admin" && !(caller.kind === "host" && caller.hostId === name)) {
      throw notAHost();
    }
    const node = this.#context.nodes.get(name);
    if (node === undefined) {
      throw new ToolError("not_found", `node "${name.slice(0, 255)}" is not found`);
    }
    return await this.#context.policies.of({ node: name, labels: node.metadata.labels });
  }

  policyOf(
    caller: Caller,
    node: { node: string; labels: Record<string, string> },
  ): Promise<NodePolicy> {
    requireAdmin(caller);
    return this.#context.policies.of(node);
  }

  policyChanges(caller: Caller, signal: AbortSignal): AsyncIterable<void> {
    requireAdmin(caller);
    return this.#context.policies.changes(signal);
  }

  /** Whether a host has joined and was not removed. */
  async hasJoined(hostId: string): Promise<boolean> {
    return UUID.test(hostId) && await this.#records.find(hostKey(hostId)) !== undefined;
  }

  /** Throws `access_denied` unless the host joined under this name: its certificate names no other. */
  async checkName(hostId: string, nodeName: string): Promise<void> {
    const record = (await this.#records.find(hostKey(hostId)))?.value;
    if (record?.nodeName === nodeName) return;
    throw new ToolError("access_denied", "access denied: the node joined under another name");
  }

  /** Ends what a host was given; tells whether it was given anything. */
  async remove(hostId: string): Promise<boolean> {
    try {
      await this.#context.backend.delete(hostKey(hostId || "\0"));
      return true;
    } catch (error) {
      if (isToolError(error, "not_found")) return false;
      throw error;
    }
  }

  async #issue(host: Omit<HostJoinRequest, "token">): Promise<HostCertificates> {
    const { issuer, authorities } = this.#context;
    const ssh = issuer.ssh({
      keyId: host.hostId,
      principals: issuer.principalsOf(host),
      sshPublicKey: host.sshPublicKey,
      ttlMs: HOST_CERTIFICATE_TTL_MS,
    });
    const tlsCertificate = await issuer.tls(host, {
      publicKeyPem: host.tlsPublicKeyPem,
      ttlMs: HOST_CERTIFICATE_TTL_MS,
    });
    return {
      sshCertificate: ssh.certificate,
      tlsCertificate,
      expiresAtMs: ssh.expiresAtMs,
      hostCa: authorities.publicSide("host"),
      userCa: authorities.publicSide("user"),
    };
  }
}

function notAHost(): ToolError {
  return new ToolError("access_denied", "access denied: only a node may do this, for itself");
}
