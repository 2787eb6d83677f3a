import { z } from "zod";
import { canonicalKeyLine } from "../headless_id.ts";
import { base64Text, toBase64 } from "./body.ts";

/** A certificate authority's public side, for clients. */
export interface HostSigner {
  /** The cluster whose hosts it certifies. */
  clusterName: string;
  /** authorized_keys lines of the host CA. */
  checkingKeys: string[];
  /** PEM certificates of the host CA. */
  tlsCerts: string[];
}

/** Short-lived credentials: the answer to every login of a tool. */
export interface LoginCertificates {
  /** The user's name, as the cluster spells it. */
  user: string;
  /** OpenSSH certificate, one line. */
  sshCertificate: string;
  /** X.509, PEM. */
  tlsCertificate: string;
  /** Whom to believe from now on. */
  hostSigners: HostSigner[];
}

/** A certificate with roles and traits of a user, in bytes. */
const MAX_CERTIFICATE_BYTES = 256 * 1024;

/** A key of a CA, in bytes. */
const MAX_KEY_BYTES = 16 * 1024;

/** Most clusters, and most keys of one during a rotation, that are read. */
const MAX_SIGNERS = 1024;

/** Newer clusters may write the name under `cluster_name`. */
const hostSignerSchema = z.object({
  domain_name: z.string().max(255).nullish(),
  cluster_name: z.string().max(255).nullish(),
  checking_keys: z.array(base64Text(MAX_KEY_BYTES)).max(64).nullish(),
  tls_certs: z.array(base64Text(MAX_CERTIFICATE_BYTES)).max(64).nullish(),
});

/** Reads {@linkcode LoginCertificates}. */
export const loginCertificatesSchema: z.ZodType<LoginCertificates> = z.object({
  username: z.string().max(1024),
  cert: base64Text(MAX_CERTIFICATE_BYTES),
  tls_cert: base64Text(MAX_CERTIFICATE_BYTES),
  host_signers: z.array(hostSignerSchema).max(MAX_SIGNERS).nullish(),
}).transform((fields) => ({
  user: fields.username,
  sshCertificate: fields.cert.trimEnd(),
  tlsCertificate: fields.tls_cert,
  hostSigners: (fields.host_signers ?? []).map((signer) => ({
    clusterName: signer.domain_name || signer.cluster_name || "",
    checkingKeys: (signer.checking_keys ?? []).map((line) => line.trimEnd()),
    tlsCerts: signer.tls_certs ?? [],
  })),
}));

/** Writes {@linkcode LoginCertificates} as the cluster answers them. */
export function loginCertificatesBody(certificates: LoginCertificates): Record<string, unknown> {
  return {
    username: certificates.user,
    cert: toBase64(`${certificates.sshCertificate}\n`),
    tls_cert: toBase64(certificates.tlsCertificate),
    host_signers: certificates.hostSigners.map((signer) => ({
      domain_name: signer.clusterName,
      checking_keys: signer.checkingKeys.map((line) => toBase64(`${line}\n`)),
      tls_certs: signer.tlsCerts.map(toBase64),
    })),
  };
}

/** Keys for which certificates are asked, and how long they should last. */
export interface CertificateWish {
  /** authorized_keys line. */
  sshPublicKey: string;
  /** SubjectPublicKeyInfo, PEM. */
  tlsPublicKeyPem: string;
  /** Milliseconds; the cluster's own choice when absent. */
  ttlMs?: number;
  /** Another cluster that the certificates should lead to. */
  routeToCluster?: string;
}

/**
 * The part of a request that asks for certificates. The SSH key goes without comment and with its newline: the id of a
 * headless login is a hash of exactly these bytes. The last two names really are capitalised.
 *
 * @param form `both` names one key for SSH and one for TLS (since Teleport 17), `single` the one key for both that older
 * clusters know.
 */
export function certificateWishBody(
  wish: CertificateWish,
  form: "both" | "single",
): Record<string, unknown> {
  const sshKey = toBase64(canonicalKeyLine(wish.sshPublicKey));
  const keys = form === "both"
    ? { ssh_pub_key: sshKey, tls_pub_key: toBase64(wish.tlsPublicKeyPem) }
    : { pub_key: sshKey };
  return {
    ...keys,
    // A Go time.Duration: nanoseconds.
    ttl: Math.round((wish.ttlMs ?? 0) * 1e6),
    compatibility: "",
    RouteToCluster: wish.routeToCluster ?? "",
    KubernetesCluster: "",
  };
}
