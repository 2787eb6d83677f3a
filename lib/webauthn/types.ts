/** Which action a challenge authorises. The wire's numbers are in `lib/wire`. */
export type ChallengeScope =
  | "UNSPECIFIED"
  | "LOGIN"
  | "PASSWORDLESS_LOGIN"
  | "HEADLESS_LOGIN"
  | "MANAGE_DEVICES"
  | "ACCOUNT_RECOVERY"
  | "USER_SESSION"
  | "ADMIN_ACTION"
  | "CHANGE_PASSWORD";

/** Whether a challenge may be answered more than once. `UNSPECIFIED` counts as `NO`. */
export type ChallengeAllowReuse = "UNSPECIFIED" | "YES" | "NO";

/** WebAuthn L3 §5.8.6. */
export type UserVerificationRequirement = "required" | "preferred" | "discouraged";

/** What is stored with a challenge at begin, and demanded of it at finish. */
export interface ChallengeExtensions {
  /** The action that the answer authorises. */
  scope: ChallengeScope;
  /** Whether it may be answered more than once; only in scope `ADMIN_ACTION`. */
  allowReuse?: ChallengeAllowReuse;
  /** Whether the authenticator must know who touches it. */
  userVerificationRequirement?: UserVerificationRequirement;
}

/** A WebAuthn credential of a user. */
export interface WebauthnDevice {
  /** At most 1023 bytes. */
  credentialId: Uint8Array;
  /** COSE key (RFC 9052 §7), as the authenticator gave it. */
  publicKeyCbor: Uint8Array;
  /** Format of the attestation statement: `none`, `packed`, … */
  attestationType: string;
  /** Model of the authenticator, 16 bytes. */
  aaguid: Uint8Array;
  /** The highest seen; 0 where the authenticator does not count. */
  signatureCounter: number;
  /** Whether the credential is discoverable, so that it can sign in without a user name. */
  residentKey: boolean;
  /** The relying party the credential was made for. Empty on devices older than this field. */
  credentialRpId: string;
  /** The attestation object as the authenticator gave it, where one was given. */
  attestationObject?: Uint8Array;
}

/** A credential registered through the old U2F protocol: signs for the app id, not the relying party id. */
export interface U2FDevice {
  /** What names the credential. */
  keyHandle: Uint8Array;
  /** COSE key (RFC 9052 §7). */
  publicKeyCbor: Uint8Array;
  /** The highest seen. */
  counter: number;
}

/** A second factor of a user. */
export type MFADevice =
  & {
    /** A UUID. */
    id: string;
    /** Chosen by the user, unique among the user's devices. */
    name: string;
    addedAtMs: number;
    lastUsedMs: number;
  }
  & ({ kind: "webauthn"; webauthn: WebauthnDevice } | { kind: "u2f"; u2f: U2FDevice });

/** A user's WebAuthn id (the `userHandle`), a random one that says nothing about the user. */
export interface WebauthnLocalAuth {
  /** At most 64 bytes. */
  userId: Uint8Array;
}

/** A challenge that waits for its answer. */
export interface SessionData {
  /** The raw challenge. */
  challenge: Uint8Array;
  /** WebAuthn id of the user it is for; empty for a passwordless one. */
  userId: Uint8Array;
  /** Credential ids that may answer; empty for a passwordless login. */
  allowCredentials: Uint8Array[];
  /** Whether a resident key was asked for (registration). */
  residentKey: boolean;
  /** What was asked of the authenticator. */
  userVerification: UserVerificationRequirement;
  /** Absent on registrations. */
  challengeExtensions?: ChallengeExtensions;
  /** When it stops to be valid, milliseconds since the Unix epoch. */
  expiresAtMs: number;
}

/** The cluster's WebAuthn settings. */
export interface WebauthnConfig {
  /** The relying party id: a domain, or `localhost`. */
  rpId: string;
  /** Name shown by the browser; the cluster's. */
  rpName?: string;
  /** PEM certificates of attestation CAs; when there are any, one of them must have attested a new device. */
  attestationAllowedCas?: string[];
  /** PEM certificates of attestation CAs that must not have attested a new device. */
  attestationDeniedCas?: string[];
}

/** The cluster's U2F settings, for devices registered before WebAuthn. */
export interface U2FConfig {
  /** URL that old devices signed for. */
  appId: string;
}

/** Gathered from a successful login. */
export interface LoginData {
  /** Who answered. */
  user: string;
  /** The device that answered, with its counter and last use brought up to date. */
  device: MFADevice;
  /** Whether the same challenge may be answered again until it expires. */
  allowReuse: ChallengeAllowReuse;
}

/** A login whose signature counter did not grow: the credential may have been cloned. The login was let pass. */
export interface CounterWentBack {
  /** Who signed in. */
  user: string;
  /** After the login. */
  device: MFADevice;
  /** The counter of the last login, which is kept. */
  stored: number;
  /** The counter of this one. */
  received: number;
}

/** What LoginFlow needs to know of users. Methods throw `not_found` where there is nothing. */
export interface LoginIdentity {
  /** The user's WebAuthn id. Throws `not_found`. */
  getWebauthnLocalAuth(user: string): Promise<WebauthnLocalAuth>;
  /** All devices of the user; none for an unknown one. */
  getMFADevices(user: string, options: { withSecrets: boolean }): Promise<MFADevice[]>;
  /**
   * Writes a device that `getMFADevices` gave, with a new counter and last use. Storage should refuse (`not_found`) one
   * that was removed meanwhile, so that a login cannot bring it back.
   */
  upsertMFADevice(user: string, device: MFADevice): Promise<void>;
  /** Keeps a challenge, at least until it expires. */
  upsertWebauthnSessionData(user: string, sessionId: string, data: SessionData): Promise<void>;
  /** A challenge that waits. Throws `not_found`. */
  getWebauthnSessionData(user: string, sessionId: string): Promise<SessionData>;
  /** Throws `not_found` when it is gone already, so that of two answers to one challenge only one wins. */
  deleteWebauthnSessionData(user: string, sessionId: string): Promise<void>;
}

/** What PasswordlessFlow needs to know of users. */
export interface PasswordlessIdentity {
  /** All devices of the user; none for an unknown one. */
  getMFADevices(user: string, options: { withSecrets: boolean }): Promise<MFADevice[]>;
  /** As in {@linkcode LoginIdentity}. */
  upsertMFADevice(user: string, device: MFADevice): Promise<void>;
  /** Keeps a challenge that is for nobody in particular, at least until it expires. */
  upsertGlobalWebauthnSessionData(scope: string, id: string, data: SessionData): Promise<void>;
  /** A challenge that waits. Throws `not_found`. */
  getGlobalWebauthnSessionData(scope: string, id: string): Promise<SessionData>;
  /** Throws `not_found` when it is gone already. */
  deleteGlobalWebauthnSessionData(scope: string, id: string): Promise<void>;
  /** The user of a `userHandle`. Throws `not_found`. */
  getTeleportUserByWebauthnID(webauthnId: Uint8Array): Promise<string>;
}

/** What RegistrationFlow needs to know of users. The only identity that may assign a WebAuthn id. */
export interface RegistrationIdentity {
  /** Gives the user a WebAuthn id, and the id its way back to the user. */
  upsertWebauthnLocalAuth(user: string, localAuth: WebauthnLocalAuth): Promise<void>;
  /** The user's WebAuthn id. Throws `not_found`. */
  getWebauthnLocalAuth(user: string): Promise<WebauthnLocalAuth>;
  /** The user of a `userHandle`. Throws `not_found`. */
  getTeleportUserByWebauthnID(webauthnId: Uint8Array): Promise<string>;
  /** All devices of the user; none for an unknown one. */
  getMFADevices(user: string, options: { withSecrets: boolean }): Promise<MFADevice[]>;
  /**
   * Writes a new device. Storage must refuse (`already_exists`) a name that another device of the user has, and a
   * credential id that any device of any user has (WebAuthn L3 §7.1 step 26).
   */
  upsertMFADevice(user: string, device: MFADevice): Promise<void>;
  /** Keeps a challenge, at least until it expires. */
  upsertWebauthnSessionData(user: string, sessionId: string, data: SessionData): Promise<void>;
  /** A challenge that waits. Throws `not_found`. */
  getWebauthnSessionData(user: string, sessionId: string): Promise<SessionData>;
  /** Throws `not_found` when it is gone already. */
  deleteWebauthnSessionData(user: string, sessionId: string): Promise<void>;
}
