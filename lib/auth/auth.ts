/**
 * The auth service as the proxy and the auth RPCs see it.
 *
 * Rules that hold for every method:
 * - they throw `ToolError`; messages are fit for the caller's eyes, causes are not;
 * - `client` names who asks, for rate limits and audit; limits are applied inside;
 * - answers and their timing do not tell an unknown user from a known one where the caller is not signed in.
 *
 * @module
 */

import type {
  ChallengeAllowReuse,
  ChallengeScope,
  MFADevice,
  UserVerificationRequirement,
  WebauthnConfig,
} from "../webauthn/mod.ts";
import type {
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
  CredentialCreationResponse,
} from "../wire/webauthn.ts";
import type { NodeResource } from "../resources/mod.ts";

/** Where a request came from. */
export interface ClientInfo {
  /** IP address, without port; the one that a configured proxy forwarded, if any. */
  address: string;
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
  | { kind: "admin"; client: ClientInfo };

/** The cluster's authentication settings, with Teleport's defaults filled in. */
export interface AuthPreference {
  type: "local";
  secondFactors: string[];
  webauthn: WebauthnConfig;
  u2f?: { appId: string };
  /** Name of the default connector; `headless` makes headless the default of ls, ssh and scp. */
  connectorName: string;
  allowHeadless: boolean;
  allowPasswordless: boolean;
  allowLocalAuth: boolean;
}

/** A user, without secrets. */
export interface User {
  name: string;
  roles: string[];
  /** Operating system logins, the trait `logins`. */
  logins: string[];
  createdAtMs: number;
  locked: boolean;
}

/** A user's invitation or reset, as `tctl` prints it: the only time that the token is seen. */
export interface Invitation {
  user: string;
  token: string;
  url: string;
  expiresAtMs: number;
}

/** A web session: both secrets are needed for every authenticated call. */
export interface WebSession {
  user: string;
  /** Goes into the cookie. */
  sessionId: string;
  /** Goes into the Authorization header. */
  bearerToken: string;
  expiresAtMs: number;
  /** The session ends when it is not used for this long. */
  idleTimeoutMs: number;
}

/** What a person is asked to answer. */
export interface HeadlessRequest {
  id: string;
  user: string;
  /** OpenSSH authorized_keys line of the waiting command's key. */
  sshPublicKey: string;
  clientAddress: string;
  state: HeadlessState;
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
  user: string;
  id: string;
  /** authorized_keys line, with or without its newline or comment. */
  sshPublicKey: string;
  /** SubjectPublicKeyInfo in PEM. When absent the SSH key is used for TLS too. */
  tlsPublicKeyPem?: string;
}

/** A certificate authority's public side, for clients. */
export interface HostSigner {
  clusterName: string;
  /** authorized_keys lines of the host CA. */
  checkingKeys: string[];
  /** PEM certificates of the host CA. */
  tlsCerts: string[];
}

/** Short-lived credentials. */
export interface LoginCertificates {
  user: string;
  /** OpenSSH certificate, one line. */
  sshCertificate: string;
  /** X.509, PEM. */
  tlsCertificate: string;
  hostSigners: HostSigner[];
}

/** Settings: cluster name and authentication preference. */
export interface Settings {
  readonly clusterName: string;
  authPreference(): Promise<AuthPreference>;
}

/** Users and their invitations. Only for administrators, but for {@linkcode Users.current}. */
export interface Users {
  create(caller: Caller, user: { name: string; roles: string[]; logins: string[] }): Promise<User>;
  list(caller: Caller): Promise<User[]>;
  get(caller: Caller, name: string): Promise<User>;
  /** The calling user. */
  current(caller: Caller): Promise<User>;
  /** Also ends the user's sessions, invitations and pending requests. */
  delete(caller: Caller, name: string): Promise<void>;
  /** Locks a user out, which ends sessions and pending requests, or in again. */
  setLocked(caller: Caller, name: string, locked: boolean): Promise<void>;
  /**
   * Makes an invitation good for `ttlMs` (1 hour by default, at most 48 h), voiding earlier ones. A `reset` also
   * removes the password and devices and ends sessions.
   */
  invite(
    caller: Caller,
    name: string,
    options: { reset: boolean; ttlMs?: number },
  ): Promise<Invitation>;
}

/** Registration of an invited user. Whoever holds the token is the invited person. */
export interface Registration {
  /** Throws `not_found` for unknown, used, voided and expired tokens alike. */
  invitation(token: string, client: ClientInfo): Promise<{ user: string; expiresAtMs: number }>;
  /** Challenge for a new device. */
  challenge(
    token: string,
    options: { passwordless: boolean },
    client: ClientInfo,
  ): Promise<CredentialCreation>;
  /** Sets password and device in one step, uses up the token, signs the user in. `password` absent only if passwordless. */
  finish(request: {
    token: string;
    password?: string;
    deviceName: string;
    creationResponse: CredentialCreationResponse;
  }, client: ClientInfo): Promise<WebSession>;
}

/** Sign-in on the web, and web sessions. */
export interface SignIn {
  /** Password first, then a challenge. A wrong password and an unknown user fail alike, after the same work. */
  begin(
    request: { user: string; password: string },
    client: ClientInfo,
  ): Promise<CredentialAssertion>;
  /** A challenge for any discoverable credential. */
  beginPasswordless(client: ClientInfo): Promise<CredentialAssertion>;
  /** `user` absent for a passwordless login. */
  finish(
    request: { user?: string; response: CredentialAssertionResponse },
    client: ClientInfo,
  ): Promise<WebSession>;
  /**
   * As `finish`, but for a tool: certificates for its own key, good for the cluster's session time (12 h) or `ttlMs` if
   * that is shorter.
   */
  finishWithCertificates(
    request: {
      user?: string;
      response: CredentialAssertionResponse;
      sshPublicKey: string;
      tlsPublicKeyPem?: string;
      ttlMs?: number;
    },
    client: ClientInfo,
  ): Promise<LoginCertificates>;
  /** The signed-in caller. Throws `access_denied` for anything that is not a live session of a live user. */
  authenticate(
    session: { sessionId: string; bearerToken: string },
    client: ClientInfo,
  ): Promise<Caller & { kind: "user" }>;
  /** Ends the session; no error when it has ended already. */
  signOut(session: { sessionId: string }): Promise<void>;
}

/** A signed-in user's challenges and devices. */
export interface Mfa {
  /** A challenge for the calling user. */
  challenge(caller: Caller, extensions: {
    scope: ChallengeScope;
    allowReuse?: ChallengeAllowReuse;
    userVerificationRequirement?: UserVerificationRequirement;
  }): Promise<CredentialAssertion>;
  devices(caller: Caller): Promise<MFADevice[]>;
}

/** Headless logins: the waiting command's side and the person's side. */
export interface Headless {
  /**
   * Waits until the request is answered (at most 180 s), then issues certificates, once, for exactly the given key.
   * Throws `access_denied` (denied, id and key differ, user locked, headless off: one message to all strangers),
   * `expired`, `limit_exceeded`, or `cancelled` when `signal` aborts, which withdraws the request.
   */
  login(
    request: HeadlessLoginRequest,
    client: ClientInfo,
    signal: AbortSignal,
  ): Promise<LoginCertificates>;
  /**
   * The request, for the user it names; makes the waiting command publish its details, and waits a few seconds for
   * it. Throws `not_found` for an unknown id and for somebody else's, alike.
   */
  get(caller: Caller, id: string, signal?: AbortSignal): Promise<HeadlessRequest>;
  /** The request now and after each change, until it reaches a final state or `signal` aborts. Throws as `get`. */
  watch(caller: Caller, id: string, signal: AbortSignal): AsyncIterable<HeadlessRequest>;
  /**
   * Approves with a fresh assertion of scope HEADLESS_LOGIN, or denies. Answered once: throws `compare_failed`
   * (`cannot approve a headless authentication from a non-pending state: …`) afterwards.
   */
  update(
    caller: Caller,
    id: string,
    answer: { state: "approved"; response: CredentialAssertionResponse } | { state: "denied" },
  ): Promise<void>;
}

/** SSH nodes. */
export interface Nodes {
  /** Nodes that the caller may reach with at least one login, filtered and sorted by host name. */
  list(caller: Caller, query: {
    limit?: number;
    startKey?: string;
    labels?: Record<string, string>;
    searchKeywords?: string[];
    predicateExpression?: string;
  }): Promise<{ nodes: NodeResource[]; nextKey: string; totalCount: number }>;
  upsert(caller: Caller, node: NodeResource): Promise<void>;
  delete(caller: Caller, name: string): Promise<void>;
  /**
   * The node that a dial target means (`name:0`, `<uuid>:0`, `addr:port`), if the caller may reach it. Throws
   * `not_found`.
   */
  resolve(caller: Caller, hostPort: string): Promise<{ node: NodeResource; address: string }>;
}

/** Everything. */
export interface Auth extends AsyncDisposable {
  settings: Settings;
  users: Users;
  registration: Registration;
  signIn: SignIn;
  mfa: Mfa;
  headless: Headless;
  nodes: Nodes;
  /** UUID of this host; stays the same on the same data directory. */
  readonly hostId: string;
  /** Certificate authorities of the cluster, for clients (host signers) and for the listener. */
  hostSigners(): Promise<HostSigner[]>;
  /** The certificate with which the auth service answers under `hex(cluster).teleport.cluster.local`, and whom it trusts. */
  serverTls(): Promise<{ certPem: string; keyPem: string; clientCasPem: string[] }>;
  /** The caller that a verified client certificate stands for. Throws `access_denied`. */
  callerFromCertificate(certificateDer: Uint8Array, client: ClientInfo): Promise<Caller>;
}
