import { createPrivateKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import type { Backend } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import { generateKeyPair } from "../keys/mod.ts";
import { type CaKind, type CertificateAndKey, createCa } from "../keys/x509/mod.ts";
import type { CertificateAuthority, HostSigner } from "./auth.ts";
import { type Found, Records } from "./records.ts";
import { authorityKey } from "./store_keys.ts";

/** A certificate authority as stored, private keys and all. */
interface AuthorityRecord {
  /** A cluster cannot be renamed: all certificates say its name. */
  clusterName: string;
  ssh: { privateKeyPem: string; publicKey: string };
  tls: CertificateAndKey;
}

const authoritySchema: z.ZodType<AuthorityRecord> = z.object({
  clusterName: z.string(),
  ssh: z.object({ privateKeyPem: z.string(), publicKey: z.string() }),
  tls: z.object({ certPem: z.string(), keyPem: z.string() }),
});

/** A certificate authority, ready to sign. */
export interface Authority {
  ssh: {
    privateKey: KeyObject;
    /** authorized_keys line. */
    publicKey: string;
  };
  tls: CertificateAndKey;
}

/**
 * The cluster's certificate authorities: one for users, one for hosts, each with an SSH and a TLS key. They are made at the
 * first start, both in one write, so that a cluster has either none of them or all.
 */
export class Authorities {
  /** Certifies users. */
  readonly user: Authority;
  /** Certifies hosts, and administrators by the role Admin. */
  readonly host: Authority;
  readonly #clusterName: string;

  private constructor(clusterName: string, records: Record<CaKind, AuthorityRecord>) {
    this.#clusterName = clusterName;
    this.user = ready(records.user);
    this.host = ready(records.host);
  }

  /**
   * Reads the authorities of `clusterName`, or makes them.
   *
   * @throws {ToolError} `bad_parameter` when what is stored is another cluster's.
   */
  static async open(
    backend: Backend,
    clusterName: string,
    deps: Pick<Deps, "clock" | "random">,
  ): Promise<Authorities> {
    const records = new Records(backend, "certificate authority", authoritySchema);
    const stored = await read(records, clusterName);
    if (stored !== undefined) return new Authorities(clusterName, stored);
    const [user, host] = await Promise.all([
      create("user", clusterName, deps),
      create("host", clusterName, deps),
    ]);
    try {
      await backend.atomicWrite([
        { key: authorityKey("user"), exists: false },
        { key: authorityKey("host"), exists: false },
      ], [
        { put: records.encode(authorityKey("user"), user) },
        { put: records.encode(authorityKey("host"), host) },
      ]);
      return new Authorities(clusterName, { user, host });
    } catch (error) {
      // Another process has made them in this moment.
      const theirs = isToolError(error, "compare_failed")
        ? await read(records, clusterName)
        : undefined;
      if (theirs === undefined) throw error;
      return new Authorities(clusterName, theirs);
    }
  }

  /** The public side of the host CA, with which clients know the cluster. */
  hostSigners(): HostSigner[] {
    const { kind: _, ...signer } = this.publicSide("host");
    return [signer];
  }

  /** The public side of an authority. */
  publicSide(kind: CaKind): CertificateAuthority {
    return {
      kind,
      clusterName: this.#clusterName,
      checkingKeys: [this[kind].ssh.publicKey],
      tlsCerts: [this[kind].tls.certPem],
    };
  }
}

async function read(
  records: Records<AuthorityRecord>,
  clusterName: string,
): Promise<Record<CaKind, AuthorityRecord> | undefined> {
  const [user, host]: (Found<AuthorityRecord> | undefined)[] = await Promise.all([
    records.find(authorityKey("user")),
    records.find(authorityKey("host")),
  ]);
  const other = [user, host].find((found) => found && found.value.clusterName !== clusterName);
  if (other !== undefined) {
    throw new ToolError(
      "bad_parameter",
      `these are the data of cluster "${other.value.clusterName}", not of "${clusterName}"`,
      { hint: "Give the cluster its old name back, or another data directory." },
    );
  }
  return user && host && { user: user.value, host: host.value };
}

async function create(
  kind: CaKind,
  clusterName: string,
  { clock, random }: Pick<Deps, "clock" | "random">,
): Promise<AuthorityRecord> {
  const { privateKeyPem, sshPublicKey } = generateKeyPair();
  return {
    clusterName,
    ssh: { privateKeyPem, publicKey: sshPublicKey },
    tls: await createCa({ clusterName, kind, nowMs: clock.now() }, { random }),
  };
}

function ready({ ssh, tls }: AuthorityRecord): Authority {
  return {
    ssh: { privateKey: createPrivateKey(ssh.privateKeyPem), publicKey: ssh.publicKey },
    tls,
  };
}
