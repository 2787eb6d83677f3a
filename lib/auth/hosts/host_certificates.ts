import type { Deps } from "../../deps/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import {
  CERTIFICATE_NONCE_BYTES,
  formatSshCertificate,
  issueSshCertificate,
  parseAuthorizedKey,
} from "../../keys/mod.ts";
import { issueCertificate } from "../../keys/x509/mod.ts";
import type { Authorities } from "../authorities.ts";
import { CERTIFICATE_BACKDATE_MS } from "../limits.ts";

/** The system role in the certificate of a node. */
export const NODE_ROLE = "Node";

/** Most names in one certificate; OpenSSH reads 256. */
const MAX_PRINCIPALS = 64;

/** What a host is called. */
export interface HostNames {
  /** UUID; empty for a host that the cluster does not know. */
  hostId: string;
  /** What people call it; may be empty. */
  nodeName: string;
  /** Further names and addresses. */
  additionalPrincipals: readonly string[];
}

/** Issues certificates to hosts. */
export class HostCertificateIssuer {
  readonly #authorities: Authorities;
  readonly #clusterName: string;
  readonly #deps: Pick<Deps, "clock" | "random">;

  /** Issues for `clusterName`. */
  constructor({ authorities, clusterName, deps }: {
    authorities: Authorities;
    clusterName: string;
    deps: Pick<Deps, "clock" | "random">;
  }) {
    this.#authorities = authorities;
    this.#clusterName = clusterName;
    this.#deps = deps;
  }

  /** The names of a host as protocol.md's "Certificates" lists them. */
  principalsOf({ hostId, nodeName, additionalPrincipals }: HostNames): string[] {
    const own = [hostId, nodeName].filter((name) => name !== "");
    return [
      ...own.flatMap((name) => [`${name}.${this.#clusterName}`, name]),
      ...own.length > 0 ? ["localhost", "127.0.0.1", "::1"] : [],
      ...additionalPrincipals,
    ];
  }

  /**
   * An SSH host certificate for the key in an authorized_keys line.
   *
   * @throws {ToolError} `bad_parameter` when a name is none or the key is not accepted.
   */
  ssh(
    { keyId, principals, sshPublicKey, ttlMs }: {
      keyId: string;
      principals: readonly string[];
      sshPublicKey: string;
      /** `Infinity` for a certificate that does not expire. */
      ttlMs: number;
    },
  ): { certificate: string; expiresAtMs: number } {
    const names = [...new Set(principals)];
    if (names.length === 0 || names.length > MAX_PRINCIPALS || !names.every(isHostName)) {
      throw new ToolError(
        "bad_parameter",
        `a host certificate needs 1 to ${MAX_PRINCIPALS} names, each a host name or an address`,
      );
    }
    const { validAfterMs, validBeforeMs } = this.#validity(ttlMs);
    const certificate = formatSshCertificate(issueSshCertificate({
      kind: "host",
      serial: new DataView(this.#deps.random.bytes(8).buffer).getBigUint64(0),
      keyId,
      principals: names,
      validAfterMs,
      validBeforeMs,
      criticalOptions: {},
      extensions: {},
      publicKey: parseAuthorizedKey(sshPublicKey),
      caKey: this.#authorities.host.ssh.privateKey,
      nonce: this.#deps.random.bytes(CERTIFICATE_NONCE_BYTES),
    }));
    return { certificate, expiresAtMs: validBeforeMs };
  }

  /** A certificate with which a node calls the auth service, PEM. */
  tls(
    { hostId }: HostNames,
    { publicKeyPem, ttlMs }: { publicKeyPem: string; ttlMs: number },
  ): Promise<string> {
    const { validAfterMs, validBeforeMs } = this.#validity(ttlMs);
    return issueCertificate({
      ca: this.#authorities.host.tls,
      publicKeyPem,
      identity: {
        user: `${hostId}.${this.#clusterName}`,
        roles: [NODE_ROLE],
        logins: [],
        routeToCluster: this.#clusterName,
        traits: {},
        teleportCluster: this.#clusterName,
      },
      notBeforeMs: validAfterMs,
      notAfterMs: validBeforeMs,
    }, this.#deps);
  }

  /** Whole seconds, because certificates know no parts of them. */
  #validity(ttlMs: number): { validAfterMs: number; validBeforeMs: number } {
    const now = this.#deps.clock.now();
    return {
      validAfterMs: Math.floor((now - CERTIFICATE_BACKDATE_MS) / 1000) * 1000,
      validBeforeMs: ttlMs === Infinity ? Infinity : Math.floor((now + ttlMs) / 1000) * 1000,
    };
  }
}

/** A name or address that a client may ask for: no wildcard, nothing that could end a line or a list. */
function isHostName(name: string): boolean {
  return name.length <= 255 && /^[A-Za-z0-9_]([A-Za-z0-9._:-]*)$|^::[0-9A-Fa-f:.]*$/.test(name);
}
