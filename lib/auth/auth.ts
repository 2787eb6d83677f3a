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
} from "../webauthn/mod.ts";
import type {
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
  CredentialCreationResponse,
} from "../wire/webauthn.ts";
import type { NodeResource, RoleResource } from "../resources/mod.ts";
import type { NodePolicy } from "./access/mod.ts";
import type {
  AuthPreference,
  Caller,
  CertificateAuthority,
  ClientInfo,
  HeadlessLoginRequest,
  HeadlessRequest,
  HostCertificateRequest,
  HostCertificates,
  HostJoinRequest,
  HostKeys,
  HostSigner,
  Invitation,
  JoinToken,
  LoginCertificates,
  User,
  WebSession,
} from "./types.ts";

export type * from "./types.ts";

/** Settings: cluster name and authentication preference. */
export interface Settings {
  /** The cluster's name. */
  readonly clusterName: string;
  /** The settings of this moment. */
  authPreference(): Promise<AuthPreference>;
}

/** Users and their invitations. Only for administrators, but for {@linkcode Users.current}. */
export interface Users {
  /** Makes a user, who needs an invitation to sign in. Throws `already_exists`; `not_found` for an unknown role. */
  create(caller: Caller, user: { name: string; roles: string[]; logins: string[] }): Promise<User>;
  /** All users, by name. */
  list(caller: Caller): Promise<User[]>;
  /** One user. Throws `not_found`. */
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
  /** The calling user's devices, without their keys. */
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
  /**
   * Writes a node; one with `metadata.expires` goes then unless it is written again. Only for administrators, and for a host
   * that writes itself.
   */
  upsert(caller: Caller, node: NodeResource): Promise<void>;
  /** Removes a node. Only for administrators. Throws `not_found`. */
  delete(caller: Caller, name: string): Promise<void>;
  /**
   * The node that a dial target means (`name:0`, `<uuid>:0`, `addr:port`), if the caller may reach it. Throws
   * `not_found`.
   */
  resolve(caller: Caller, hostPort: string): Promise<{ node: NodeResource; address: string }>;
}

/** Roles. Reading them is for everybody inside the cluster. */
export interface Roles {
  /** The role of that name, or `undefined`. */
  find(name: string): RoleResource | undefined;
  /** The roles of these names; none at all when one of them is not there. */
  of(names: readonly string[]): RoleResource[];
  /** All roles, by name. */
  list(): RoleResource[];
  /** Writes a role. Only for administrators. Throws `bad_parameter` for a built-in one. */
  upsert(caller: Caller, role: RoleResource): Promise<void>;
  /** Removes a role. Only for administrators. Throws `not_found`; `bad_parameter` for a built-in one. */
  delete(caller: Caller, name: string): Promise<void>;
}

/** Tokens with which machines join. Only for administrators. */
export interface JoinTokens {
  /** Takes note of a token that the caller has made up, of at least 128 bits. Throws `already_exists`. */
  create(caller: Caller, token: { token: string; expiresAtMs: number }): Promise<JoinToken>;
  /** Those that are good, the first to expire first. */
  list(caller: Caller): Promise<JoinToken[]>;
  /** Removes one, named by itself or by its id. Throws `not_found`. */
  delete(caller: Caller, tokenOrId: string): Promise<void>;
}

/** Machines that are nodes, and what they decide by. */
export interface Hosts {
  /** Certificates for a machine with a join token. Throws `access_denied` for the token, `already_exists` for the name. */
  join(request: HostJoinRequest, client: ClientInfo): Promise<HostCertificates>;
  /** New certificates for the calling host, under the name that it joined with. */
  renew(caller: Caller, keys: HostKeys): Promise<HostCertificates>;
  /** A host certificate. Only for administrators. */
  certify(
    caller: Caller,
    request: HostCertificateRequest,
  ): Promise<{ certificate: string; expiresAtMs: number }>;
  /** What a registered node decides by; for that node, and administrators. Throws `not_found`. */
  policy(caller: Caller, name: string): Promise<NodePolicy>;
  /** The same for a node that need not be registered. Only for administrators. */
  policyOf(
    caller: Caller,
    node: { node: string; labels: Record<string, string> },
  ): Promise<NodePolicy>;
  /** Yields when policies are to be made anew: at once, then after each change. Only for administrators. */
  policyChanges(caller: Caller, signal: AbortSignal): AsyncIterable<void>;
}

/** Everything. */
export interface Auth extends AsyncDisposable {
  /** Cluster name and settings. */
  settings: Settings;
  /** Users. */
  users: Users;
  /** Registration of invited users. */
  registration: Registration;
  /** Sign-in and web sessions. */
  signIn: SignIn;
  /** Challenges and devices of who is signed in. */
  mfa: Mfa;
  /** Headless logins. */
  headless: Headless;
  /** SSH nodes. */
  nodes: Nodes;
  /** Roles. */
  roles: Roles;
  /** Tokens with which machines join. */
  joinTokens: JoinTokens;
  /** Machines that are nodes, and what they decide by. */
  hosts: Hosts;
  /** UUID of this host; stays the same on the same data directory. */
  readonly hostId: string;
  /** Certificate authorities of the cluster, for clients (host signers) and for the listener. */
  hostSigners(): Promise<HostSigner[]>;
  /** The public side of one certificate authority. */
  certificateAuthority(kind: "user" | "host"): Promise<CertificateAuthority>;
  /** The certificate with which the auth service answers under `hex(cluster).teleport.cluster.local`, and whom it trusts. */
  serverTls(): Promise<{ certPem: string; keyPem: string; clientCasPem: string[] }>;
  /** The caller that a verified client certificate stands for. Throws `access_denied`. */
  callerFromCertificate(certificateDer: Uint8Array, client: ClientInfo): Promise<Caller>;
}
