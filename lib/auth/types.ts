/**
 * What goes in and out of the auth service. Times are milliseconds since the Unix epoch.
 *
 * @module
 */

import type { WebauthnConfig } from "../webauthn/mod.ts";

/** Where a request came from. */
export interface ClientInfo {
  /** IP address, without port; the one that a configured proxy forwarded, if any. */
  address: string;
  /** What the client's program calls itself; unproven. */
  userAgent?: string;
}

/** Who makes a call, as the TLS certificate or the web session proves it. */
export type Caller =
  | {
    kind: "user";
    user: string;
    roles: string[];
    logins: string[];
    mfaVerified: boolean;
    client: ClientInfo;
  }
  /** An administrator with the certificate from the data directory (tctl). */
  | { kind: "admin"; client: ClientInfo }
  /** A machine that has joined, with the certificate that it was given; it may speak for itself alone. */
  | { kind: "host"; hostId: string; client: ClientInfo };

/** The cluster's authentication settings, with Teleport's defaults filled in. */
export interface AuthPreference {
  /** Users of the cluster itself; there are no others. */
  type: "local";
  /** What is asked for beside the password: `webauthn`. */
  secondFactors: string[];
  /** How security keys are used. */
  webauthn: WebauthnConfig;
  /** For devices that are older than WebAuthn. */
  u2f?: { appId: string };
  /** Name of the default connector; `headless` makes headless the default of ls, ssh and scp. */
  connectorName: string;
  /** Whether headless logins are allowed. */
  allowHeadless: boolean;
  /** Whether a key alone may sign in. */
  allowPasswordless: boolean;
  /** Whether users of the cluster itself may sign in at all. */
  allowLocalAuth: boolean;
  /** Whether nodes take only certificates for which somebody has just touched a key. */
  requireSessionMfa: boolean;
}

/** A user, without secrets. */
export interface User {
  /** What the person signs in with. */
  name: string;
  /** Names of the user's roles. */
  roles: string[];
  /** Operating system logins, the trait `logins`. */
  logins: string[];
  /** When the user was made. */
  createdAtMs: number;
  /** Whether the user is locked out. */
  locked: boolean;
}

/** A user's invitation or reset, as `tctl` prints it: the only time that the token is seen. */
export interface Invitation {
  /** Whom it is for. */
  user: string;
  /** The secret. */
  token: string;
  /** Where to go; holds the token. */
  url: string;
  /** How long it is good. */
  expiresAtMs: number;
}

/** A web session: both secrets are needed for every authenticated call. */
export interface WebSession {
  /** Who is signed in. */
  user: string;
  /** Goes into the cookie. */
  sessionId: string;
  /** Goes into the Authorization header. */
  bearerToken: string;
  /** When it ends, whatever happens. */
  expiresAtMs: number;
  /** It ends earlier when it is not used for this long. */
  idleTimeoutMs: number;
}

/** What a person is asked to answer. */
export interface HeadlessRequest {
  /** The id, which follows from the key. */
  id: string;
  /** Whom it names: who alone may see and answer it. */
  user: string;
  /** OpenSSH authorized_keys line of the waiting command's key. */
  sshPublicKey: string;
  /** Where the command waits, as the cluster sees it. */
  clientAddress: string;
  /** What has become of it. */
  state: HeadlessState;
  /** When the command began to wait. */
  createdAtMs: number;
  /** When it stops waiting. */
  expiresAtMs: number;
  /** When it was answered, withdrawn or expired. */
  endedAtMs?: number;
  /** Device that approved it. */
  device?: { id: string; name: string };
}

/**
 * pending → approved → (certificate issued; still `approved` to viewers) | denied | withdrawn (the command went away) |
 * expired.
 */
export type HeadlessState = "pending" | "approved" | "denied" | "withdrawn" | "expired";

/** What a waiting command asks for. */
export interface HeadlessLoginRequest {
  /** Who shall approve it. Nobody is told whether there is such a user. */
  user: string;
  /** Must be the one that follows from the key. */
  id: string;
  /** authorized_keys line, with or without its newline or comment. */
  sshPublicKey: string;
  /** SubjectPublicKeyInfo in PEM. When absent the SSH key is used for TLS too. */
  tlsPublicKeyPem?: string;
}

/** A certificate authority's public side, for clients. */
export interface HostSigner {
  /** The cluster that it is of. */
  clusterName: string;
  /** authorized_keys lines of the CA. */
  checkingKeys: string[];
  /** PEM certificates of the CA. */
  tlsCerts: string[];
}

/** A certificate authority's public side, as clients and nodes ask for it by kind. */
export interface CertificateAuthority extends HostSigner {
  /** What it certifies. */
  kind: "user" | "host";
}

/** Short-lived credentials. */
export interface LoginCertificates {
  /** Whom they stand for. */
  user: string;
  /** OpenSSH certificate, one line. */
  sshCertificate: string;
  /** X.509, PEM. */
  tlsCertificate: string;
  /** By which the client knows the cluster. */
  hostSigners: HostSigner[];
}

/** A token with which machines join, as administrators see it: the token itself is shown once, when it is made. */
export interface JoinToken {
  /** Names it without giving it away. */
  id: string;
  /** When it was made. */
  createdAtMs: number;
  /** Until when it is good. */
  expiresAtMs: number;
}

/** Keys for which a host wants certificates. */
export interface HostKeys {
  /** authorized_keys line. */
  sshPublicKey: string;
  /** SubjectPublicKeyInfo in PEM. */
  tlsPublicKeyPem: string;
  /** Names and addresses beside its own. */
  additionalPrincipals: string[];
}

/** A machine that wants to become a node. */
export interface HostJoinRequest extends HostKeys {
  /** The secret that lets it. */
  token: string;
  /** A UUID of its own choice that no other host has. */
  hostId: string;
  /** What people call it; no other node may be called so. */
  nodeName: string;
}

/** What a host is given. */
export interface HostCertificates {
  /** OpenSSH host certificate, one line. */
  sshCertificate: string;
  /** With which it calls the auth service, X.509, PEM. */
  tlsCertificate: string;
  /** Until when both are good. */
  expiresAtMs: number;
  /** By which it knows the cluster. */
  hostCa: CertificateAuthority;
  /** By which it knows the cluster's people. */
  userCa: CertificateAuthority;
}

/** A host certificate as an administrator asks for one. */
export interface HostCertificateRequest {
  /** authorized_keys line. */
  sshPublicKey: string;
  /** UUID of a host of the cluster; its names are then in the certificate. */
  hostId?: string;
  /** What people call the host. */
  nodeName?: string;
  /** Names and addresses beside those that follow from the two. */
  principals: string[];
  /** `Infinity` for a certificate that does not expire. */
  ttlMs: number;
}
