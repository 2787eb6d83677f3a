import { getLogger } from "@logtape/logtape";
import type { Deps } from "../../deps/mod.ts";
import { messageOf } from "../../errors/mod.ts";
import { generateKeyPair } from "../../keys/mod.ts";
import { issueCertificate } from "../../keys/x509/mod.ts";
import type { Authorities } from "../authorities.ts";
import { CERTIFICATE_BACKDATE_MS } from "../limits.ts";
import { writeAdminIdentity } from "./identity_file.ts";

const log = getLogger(["latchkey", "auth", "admin"]);

/** Life of the administrator's certificate. */
export const ADMIN_CERTIFICATE_TTL_MS = 7 * 24 * 3600 * 1000;
/** When it is to be renewed is looked at this often: a machine may have slept. */
const CHECK_EVERY_MS = 60_000;

/** The system role in the administrator's certificate, which only the host CA may certify. */
export const ADMIN_ROLE = "Admin";

/** What the keeper needs. */
export interface AdminIdentityContext {
  dataDir: string;
  clusterName: string;
  hostId: string;
  authorities: Authorities;
  /** How often is looked at whether it is time to renew; a minute when absent. */
  checkEveryMs?: number;
  deps: Pick<Deps, "clock" | "random">;
}

/**
 * Keeps a good administrator's identity in the data directory while the cluster runs: a new one at each start, and again when half
 * of its life is over. Whoever can read the file is the administrator.
 */
export class AdminIdentityKeeper implements Disposable {
  readonly #context: AdminIdentityContext;
  #renewAtMs = 0;
  #renewing = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Keeps it as the context says. */
  constructor(context: AdminIdentityContext) {
    this.#context = context;
  }

  /** Writes the first one. Throws when it cannot be written. */
  async start(): Promise<void> {
    await this.#renew();
    const everyMs = this.#context.checkEveryMs ?? CHECK_EVERY_MS;
    this.#timer = setInterval(() => void this.#check(), everyMs);
  }

  /** Renews no more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#renewing || this.#context.deps.clock.now() < this.#renewAtMs) return;
    this.#renewing = true;
    try {
      await this.#renew();
    } catch (error) {
      log.error("administrator's certificate cannot be renewed: {reason}", {
        reason: messageOf(error),
      });
    } finally {
      this.#renewing = false;
    }
  }

  async #renew(): Promise<void> {
    const { dataDir, clusterName, hostId, authorities, deps } = this.#context;
    const now = deps.clock.now();
    const { privateKeyPem, publicKeyPem } = generateKeyPair();
    const certPem = await issueCertificate({
      ca: authorities.host.tls,
      publicKeyPem,
      identity: {
        user: `${hostId}.${clusterName}`,
        roles: [ADMIN_ROLE],
        logins: [],
        routeToCluster: clusterName,
        traits: {},
        teleportCluster: clusterName,
      },
      notBeforeMs: now - CERTIFICATE_BACKDATE_MS,
      notAfterMs: now + ADMIN_CERTIFICATE_TTL_MS,
    }, deps);
    await writeAdminIdentity(dataDir, {
      keyPem: privateKeyPem,
      certPem,
      hostCasPem: [authorities.host.tls.certPem],
    });
    this.#renewAtMs = now + ADMIN_CERTIFICATE_TTL_MS / 2;
  }
}
