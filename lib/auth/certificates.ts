import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import {
  CERTIFICATE_NONCE_BYTES,
  formatSshCertificate,
  issueSshCertificate,
  keyObjectOf,
  parseAuthorizedKey,
  sshPublicKeyOf,
} from "../keys/mod.ts";
import { type Identity, issueCertificate } from "../keys/x509/mod.ts";
import { createPublicKey } from "node:crypto";
import { certificateLogins, notBeforeOf } from "./access/mod.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { LoginCertificates, Roles } from "./auth.ts";
import type { Authorities } from "./authorities.ts";
import type { UserRecord } from "./users.ts";

/** The keys that certificates are for. */
export interface SubjectKeys {
  /** authorized_keys line. */
  sshPublicKey: string;
  /** SubjectPublicKeyInfo in PEM. When absent the SSH key is used for TLS too. */
  tlsPublicKeyPem?: string;
}

/** What certificates say beside who the user is. */
export interface CertificateRequest extends SubjectKeys {
  ttlMs: number;
  /** Where the user logged in from. */
  loginAddress: string;
  /** UUID of the device that answered for exactly this certificate. */
  mfaVerified?: string;
  /** The headless request that it answers. */
  requestId?: string;
}

/** Longest PEM that is looked at: RSA of 8192 bits takes 1,500 characters. */
const MAX_PEM_LENGTH = 8192;

/** Issues certificates to users, for SSH and TLS, as protocol.md's "Certificates" lays them out. */
export class CertificateIssuer {
  readonly #authorities: Authorities;
  readonly #roles: Pick<Roles, "of">;
  readonly #clusterName: string;
  readonly #audit: AuditLog;
  readonly #deps: Pick<Deps, "clock" | "random">;

  /** Issues for `clusterName`. */
  constructor({ authorities, roles, clusterName, audit, deps }: {
    authorities: Authorities;
    roles: Pick<Roles, "of">;
    clusterName: string;
    audit: AuditLog;
    deps: Pick<Deps, "clock" | "random">;
  }) {
    this.#authorities = authorities;
    this.#roles = roles;
    this.#clusterName = clusterName;
    this.#audit = audit;
    this.#deps = deps;
  }

  /** Throws `bad_parameter` for keys that would not be certified. */
  check({ sshPublicKey, tlsPublicKeyPem }: SubjectKeys): void {
    parseAuthorizedKey(sshPublicKey);
    if (tlsPublicKeyPem === undefined) return;
    if (
      tlsPublicKeyPem.length > MAX_PEM_LENGTH ||
      !tlsPublicKeyPem.includes("-----BEGIN PUBLIC KEY-----")
    ) {
      throw new ToolError("bad_parameter", "TLS public key is not PEM");
    }
    try {
      sshPublicKeyOf(createPublicKey(tlsPublicKeyPem));
    } catch (cause) {
      throw new ToolError("bad_parameter", "TLS public key is not a key of an accepted kind", {
        cause,
      });
    }
  }

  /** Certificates for a user as stored now. */
  async issue(user: UserRecord, request: CertificateRequest): Promise<LoginCertificates> {
    const now = this.#deps.clock.now();
    // Whole seconds, because certificates know no parts of them.
    const validAfterMs = notBeforeOf(user, now);
    const validBeforeMs = Math.floor((now + request.ttlMs) / 1000) * 1000;
    const logins = this.#principals(user);
    const sshCertificate = this.#issueSsh(user, request, { validAfterMs, validBeforeMs, logins });
    const tlsCertificate = await issueCertificate({
      ca: this.#authorities.user.tls,
      publicKeyPem: request.tlsPublicKeyPem ?? pemOf(request.sshPublicKey),
      identity: this.#identity(user, request, logins),
      notBeforeMs: validAfterMs,
      notAfterMs: validBeforeMs,
    }, this.#deps);
    this.#audit.emit("certificateIssued", {
      user: user.name,
      roles: user.roles,
      logins,
      address: request.loginAddress,
      expiresAtMs: validBeforeMs,
      ...(request.requestId !== undefined && { requestId: request.requestId }),
    });
    return {
      user: user.name,
      sshCertificate,
      tlsCertificate,
      hostSigners: this.#authorities.hostSigners(),
    };
  }

  #issueSsh(
    user: UserRecord,
    { sshPublicKey, loginAddress, mfaVerified }: CertificateRequest,
    { validAfterMs, validBeforeMs, logins }: {
      validAfterMs: number;
      validBeforeMs: number;
      logins: string[];
    },
  ): string {
    const options = this.#roles.of(user.roles).map(({ spec }) => spec.options);
    const extensions: Record<string, string> = {
      "login-ip": loginAddress,
      "permit-pty": "",
      "private-key-policy": "none",
      "teleport-roles": JSON.stringify({ version: "v1", roles: user.roles }),
      "teleport-route-to-cluster": this.#clusterName,
      "teleport-traits": JSON.stringify({ logins: user.logins }),
    };
    if (mfaVerified !== undefined) extensions["mfa-verified"] = mfaVerified;
    if (options.some(({ forward_agent }) => forward_agent)) {
      extensions["permit-agent-forwarding"] = "";
    }
    if (options.some(({ port_forwarding }) => port_forwarding)) {
      extensions["permit-port-forwarding"] = "";
    }
    return formatSshCertificate(issueSshCertificate({
      kind: "user",
      serial: new DataView(this.#deps.random.bytes(8).buffer).getBigUint64(0),
      keyId: user.name,
      principals: logins,
      validAfterMs,
      validBeforeMs,
      criticalOptions: {},
      extensions,
      publicKey: parseAuthorizedKey(sshPublicKey),
      caKey: this.#authorities.user.ssh.privateKey,
      nonce: this.#deps.random.bytes(CERTIFICATE_NONCE_BYTES),
    }));
  }

  #identity(
    user: UserRecord,
    { mfaVerified, loginAddress }: CertificateRequest,
    logins: string[],
  ): Identity {
    return {
      user: user.name,
      roles: user.roles,
      logins,
      routeToCluster: this.#clusterName,
      traits: { logins: user.logins },
      teleportCluster: this.#clusterName,
      loginIp: loginAddress,
      ...(mfaVerified !== undefined && { mfaVerified }),
    };
  }

  /**
   * The logins of all of the user's roles. A certificate without any would be good for all of them, so where there are none
   * it names one that no machine has, as Teleport does.
   */
  #principals(user: UserRecord): string[] {
    const logins = certificateLogins(this.#roles.of(user.roles), { logins: user.logins });
    return logins.length > 0 ? logins : [`-teleport-nologin-${this.#deps.random.uuid()}`];
  }
}

function pemOf(sshPublicKey: string): string {
  return keyObjectOf(parseAuthorizedKey(sshPublicKey)).export({
    type: "spki",
    format: "pem",
  }) as string;
}
