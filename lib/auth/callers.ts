import { createHash } from "node:crypto";
import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { type CertifiedIdentity, identityFromCertificate, isIssuedBy } from "../keys/x509/mod.ts";
import { isFromBeforeReset, narrow } from "./access/mod.ts";
import { ADMIN_ROLE } from "./admin/admin_identity.ts";
import type { Caller, ClientInfo } from "./auth.ts";
import type { Authorities } from "./authorities.ts";
import { NODE_ROLE } from "./hosts/host_certificates.ts";
import type { HostService } from "./hosts/hosts.ts";
import type { UserService } from "./users.ts";

/** Certificates whose content is remembered: reading one takes longer than most calls. */
const MAX_REMEMBERED = 1_000;

/** What a certificate says, and which authority says so. Neither ever changes. */
interface Reading {
  identity: CertifiedIdentity;
  issuer: "user" | "host";
}

/** Tells whom a client certificate stands for, now. */
export class Callers {
  readonly #authorities: Authorities;
  readonly #users: UserService;
  readonly #hosts: Pick<HostService, "hasJoined">;
  readonly #clusterName: string;
  readonly #clock: Deps["clock"];
  readonly #readings = new Map<string, Reading>();

  /** Callers of `clusterName`. */
  constructor({ authorities, users, hosts, clusterName, deps }: {
    authorities: Authorities;
    users: UserService;
    hosts: Pick<HostService, "hasJoined">;
    clusterName: string;
    deps: Pick<Deps, "clock">;
  }) {
    this.#authorities = authorities;
    this.#users = users;
    this.#hosts = hosts;
    this.#clusterName = clusterName;
    this.#clock = deps.clock;
  }

  /**
   * The caller. A certificate of the host CA stands for an administrator, or for a machine that has joined, or nobody; one of
   * the user CA for its user, with no more roles and logins than the user still has.
   *
   * @throws {ToolError} `access_denied` for anything else: another issuer or cluster, expired, made before the user was last
   * reset, locked or removed users.
   */
  async fromCertificate(der: Uint8Array, client: ClientInfo): Promise<Caller> {
    const { identity, issuer } = this.#read(der);
    const now = this.#clock.now();
    if (now < identity.notBeforeMs || now > identity.notAfterMs) denied("has expired");
    if (identity.teleportCluster !== this.#clusterName) denied("is of another cluster");
    if (issuer === "host") {
      if (identity.roles.length === 1 && identity.roles[0] === ADMIN_ROLE) {
        return { kind: "admin", client };
      }
      const hostId = identity.user.slice(0, -`.${this.#clusterName}`.length);
      const isNode = identity.roles.length === 1 && identity.roles[0] === NODE_ROLE;
      if (!isNode || !await this.#hosts.hasJoined(hostId)) denied("stands for a host");
      return { kind: "host", hostId, client };
    }
    const user = (await this.#users.find(identity.user))?.value;
    if (user === undefined || user.locked) denied("stands for a user who is locked or removed");
    const holder = { ...identity, logins: identity.traits["logins"] ?? [] };
    if (isFromBeforeReset(holder, user)) denied("was made before the user was reset");
    return {
      kind: "user",
      user: user.name,
      ...narrow(holder, user),
      mfaVerified: identity.mfaVerified !== undefined,
      client,
    };
  }

  #read(der: Uint8Array): Reading {
    const hash = createHash("sha256").update(der).digest("base64");
    const known = this.#readings.get(hash);
    if (known !== undefined) return known;
    const identity = identityFromCertificate(der);
    const { user, host } = this.#authorities;
    const isUsers = isIssuedBy(der, [user.tls.certPem]);
    if (!isUsers && !isIssuedBy(der, [host.tls.certPem])) denied("is of another authority");
    const reading: Reading = { identity, issuer: isUsers ? "user" : "host" };
    if (this.#readings.size >= MAX_REMEMBERED) {
      this.#readings.delete(this.#readings.keys().next().value!);
    }
    this.#readings.set(hash, reading);
    return reading;
  }
}

function denied(problem: string): never {
  throw new ToolError("access_denied", `client certificate ${problem}`);
}
