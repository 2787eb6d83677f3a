import { z } from "zod";
import type { Backend } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";
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
import { addressesOf } from "../nodes/dial_target.ts";
import type { NodeService } from "../nodes/nodes.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import { Records } from "../records.ts";
import { hostKey } from "../store_keys.ts";
import type { HostCertificateIssuer, HostNames } from "./host_certificates.ts";
import { checkNames, comparable, HostNameStore, UUID } from "./host_names.ts";
import type { JoinTokenService } from "./join_tokens.ts";
import type { NodePolicies } from "./node_policies.ts";

/** Life of a joined node's certificates; it renews them itself, so this is how long a machine may be switched off. */
export const HOST_CERTIFICATE_TTL_MS = 30 * 24 * 3_600_000;

/** A machine that has joined. Without this record its certificates are good for nothing. */
interface HostRecord {
  nodeName: string;
  /** Names and addresses beside its own that it joined with; it never gets others. */
  additionalPrincipals: readonly string[];
  joinedAtMs: number;
}

const schema: z.ZodType<HostRecord> = z.object({
  nodeName: z.string(),
  additionalPrincipals: z.array(z.string()).default([]),
  joinedAtMs: z.number(),
});

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
  readonly #names: HostNameStore;

  /** Hosts kept in the context's backend. */
  constructor(context: HostsContext) {
    this.#context = context;
    this.#records = new Records(context.backend, "host", schema);
    this.#names = new HostNameStore(context.backend);
  }

  async join(request: HostJoinRequest, client: ClientInfo): Promise<HostCertificates> {
    const { tokens, audit, perAddress } = this.#context;
    perAddress.take(client.address);
    await tokens.require(request.token);
    if (!UUID.test(request.hostId)) {
      throw new ToolError("bad_parameter", "the host's id is not a UUID");
    }
    checkNames(request);
    const certificates = await this.#issue(request);
    await this.#claim(request);
    audit.emit("hostJoined", { message: request.nodeName, address: client.address });
    return certificates;
  }

  async renew(caller: Caller, keys: HostKeys): Promise<HostCertificates> {
    if (caller.kind !== "host") throw notAHost();
    const record = (await this.#records.find(hostKey(caller.hostId)))?.value;
    if (record === undefined) throw notAHost();
    const granted = comparable(record.additionalPrincipals);
    if (!comparable(keys.additionalPrincipals).isSubsetOf(granted)) {
      throw new ToolError("access_denied", "access denied: the node joined without these names");
    }
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

  /** Throws `access_denied` unless the host joined under this name, and with the hosts of these addresses. */
  async checkNode(hostId: string, node: NodeResource): Promise<void> {
    const record = (await this.#records.find(hostKey(hostId)))?.value;
    if (record?.nodeName !== node.spec.hostname) {
      throw new ToolError("access_denied", "access denied: the node joined under another name");
    }
    // Loopback addresses count only for a machine that joined with them.
    const own = this.#namesOf({ ...record, hostId })
      .union(new Set(record.additionalPrincipals.map((name) => name.toLowerCase())));
    if (addressesOf(node).every(({ host }) => own.has(host.toLowerCase()))) return;
    throw new ToolError("access_denied", "access denied: the node joined without these addresses");
  }

  /** Ends what a host was given, and frees its names; tells whether it was given anything. */
  async remove(hostId: string): Promise<boolean> {
    const key = hostKey(hostId || "\0");
    const found = await this.#records.find(key);
    if (found === undefined) return false;
    const names = this.#namesOf({ ...found.value, hostId });
    await this.#context.backend.atomicWrite(
      [{ key, revision: found.item.revision }],
      [{ delete: key }, ...this.#names.release(names)],
    );
    return true;
  }

  /** Writes the host down. Somebody with a token may add a machine, not become one that is here already. */
  async #claim(host: HostNames): Promise<void> {
    const { backend, deps } = this.#context;
    const { hostId, nodeName, additionalPrincipals } = host;
    const names = this.#namesOf(host);
    const listed = this.#listedOwner(names);
    if (listed !== undefined) throw taken(listed, nodeName);
    const key = hostKey(hostId);
    const record = { nodeName, additionalPrincipals, joinedAtMs: deps.clock.now() };
    const { conditions, changes } = this.#names.claim(names, hostId);
    try {
      await backend.atomicWrite(
        [{ key, exists: false }, ...conditions],
        [{ put: this.#records.encode(key, record) }, ...changes],
      );
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
      throw taken(await this.#names.owner(names) ?? { name: hostId, hostId }, nodeName);
    }
  }

  /** The first of `names` by which this machine or a listed node is known. */
  #listedOwner(names: ReadonlySet<string>): { name: string; hostId: string } | undefined {
    const { nodes, hostId } = this.#context;
    const others = nodes.all().map((node) => ({
      hostId: node.metadata.name,
      nodeName: node.spec.hostname,
      additionalPrincipals: addressesOf(node).map(({ host }) => host),
    }));
    for (const other of [{ hostId, nodeName: "", additionalPrincipals: [] }, ...others]) {
      const [name] = names.intersection(this.#namesOf(other));
      if (name !== undefined) return { name, hostId: other.hostId };
    }
    return undefined;
  }

  /** All by which a host is known, comparable; what people call it comes first. */
  #namesOf(host: HostNames): Set<string> {
    const names = [host.nodeName, ...this.#context.issuer.principalsOf(host)];
    return comparable(names.filter((name) => name !== ""));
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

function taken(owner: { name: string; hostId: string }, nodeName: string): ToolError {
  const isName = owner.name === nodeName.toLowerCase();
  return new ToolError(
    "already_exists",
    isName
      ? `there is a node named "${nodeName}" already`
      : `"${owner.name}" is a name or an address of another node already`,
    {
      hint: `Choose another name, or remove the other node with: tctl rm node/${owner.hostId}`,
    },
  );
}

function notAHost(): ToolError {
  return new ToolError("access_denied", "access denied: only a node may do this, for itself");
}
