/**
 * Certificate authorities for tests, and what they certify.
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import {
  formatAuthorizedKey,
  formatSshCertificate,
  issueSshCertificate,
  parseAuthorizedKey,
  type SshCertificateKind,
  sshPublicKeyOf,
} from "../../../lib/keys/mod.ts";

/** An SSH certificate authority. */
export class SshAuthority {
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.#key = key;
  }

  /** A new one. */
  static generate(): SshAuthority {
    return new SshAuthority(generateKeyPairSync("ed25519").privateKey);
  }

  /** One whose private key is in a PEM text. */
  static fromPem(pem: string): SshAuthority {
    return new SshAuthority(createPrivateKey(pem));
  }

  /** The private key. */
  toPem(): string {
    return this.#key.export({ type: "pkcs8", format: "pem" }) as string;
  }

  /** authorized_keys line. */
  get publicKey(): string {
    return formatAuthorizedKey(sshPublicKeyOf(createPublicKey(this.#key)));
  }

  /** A certificate line for the key in an authorized_keys line. */
  certify(
    kind: SshCertificateKind,
    publicKey: string,
    principals: string[],
    { fromMs = Date.now() - 60_000, toMs = Date.now() + 60_000 } = {},
  ): string {
    return formatSshCertificate(issueSshCertificate({
      kind,
      serial: 1n,
      keyId: principals[0]!,
      principals,
      validAfterMs: fromMs,
      validBeforeMs: toMs,
      criticalOptions: {},
      extensions: kind === "host" ? {} : {
        "permit-pty": "",
        "permit-port-forwarding": "",
        "permit-agent-forwarding": "",
      },
      publicKey: parseAuthorizedKey(publicKey),
      caKey: this.#key,
      nonce: randomBytes(32),
    }));
  }
}
