import { z } from "zod";
import type { Backend, Change, NewItem } from "../backend/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import type {
  LoginIdentity,
  MFADevice,
  PasswordlessIdentity,
  SessionData,
  WebauthnLocalAuth,
} from "../webauthn/mod.ts";
import { bytesField, Records } from "./records.ts";
import {
  challengeKey,
  credentialKey,
  deviceKey,
  devicesPrefix,
  globalChallengeKey,
  passwordKey,
  webauthnIdKey,
  webauthnUserKey,
} from "./store_keys.ts";

const deviceFields = {
  id: z.string(),
  name: z.string(),
  addedAtMs: z.number(),
  lastUsedMs: z.number(),
};

const deviceSchema: z.ZodType<MFADevice> = z.discriminatedUnion("kind", [
  z.object({
    ...deviceFields,
    kind: z.literal("webauthn"),
    webauthn: z.object({
      credentialId: bytesField,
      publicKeyCbor: bytesField,
      attestationType: z.string(),
      aaguid: bytesField,
      signatureCounter: z.number(),
      residentKey: z.boolean(),
      credentialRpId: z.string(),
      attestationObject: bytesField.optional(),
    }),
  }),
  z.object({
    ...deviceFields,
    kind: z.literal("u2f"),
    u2f: z.object({ keyHandle: bytesField, publicKeyCbor: bytesField, counter: z.number() }),
  }),
]);

const localAuthSchema: z.ZodType<WebauthnLocalAuth> = z.object({ userId: bytesField });

const sessionSchema: z.ZodType<SessionData> = z.object({
  challenge: bytesField,
  userId: bytesField,
  allowCredentials: z.array(bytesField),
  residentKey: z.boolean(),
  userVerification: z.enum(["required", "preferred", "discouraged"]),
  challengeExtensions: z.object({
    scope: z.enum([
      "UNSPECIFIED",
      "LOGIN",
      "PASSWORDLESS_LOGIN",
      "HEADLESS_LOGIN",
      "MANAGE_DEVICES",
      "ACCOUNT_RECOVERY",
      "USER_SESSION",
      "ADMIN_ACTION",
      "CHANGE_PASSWORD",
    ]),
    allowReuse: z.enum(["UNSPECIFIED", "YES", "NO"]).optional(),
    userVerificationRequirement: z.enum(["required", "preferred", "discouraged"]).optional(),
  }).optional(),
  expiresAtMs: z.number(),
});

/** How often a device is written again when another login uses it at the same moment. */
const MAX_ATTEMPTS = 10;

/** The credential's id, whatever the kind of device. */
export function credentialIdOf(device: MFADevice): Uint8Array {
  return device.kind === "webauthn" ? device.webauthn.credentialId : device.u2f.keyHandle;
}

/** How people prove who they are, in the backend: passwords, devices, WebAuthn ids, challenges. */
export class IdentityStore implements LoginIdentity, PasswordlessIdentity {
  readonly #backend: Backend;
  /** Records of second factors, for those who write them together with others. */
  readonly devices: Records<MFADevice>;
  /** Records of WebAuthn ids. */
  readonly webauthnIds: Records<WebauthnLocalAuth>;
  /** Records of challenges. */
  readonly challenges: Records<SessionData>;
  readonly #passwords: Records<{ hash: string }>;
  readonly #owners: Records<{ user: string }>;

  /** Identities kept in `backend`. */
  constructor(backend: Backend) {
    this.#backend = backend;
    this.devices = new Records(backend, "device", deviceSchema);
    this.webauthnIds = new Records(backend, "WebAuthn id", localAuthSchema);
    this.challenges = new Records(backend, "challenge", sessionSchema);
    this.#passwords = new Records(backend, "password", z.object({ hash: z.string() }));
    this.#owners = new Records(backend, "owner of a credential", z.object({ user: z.string() }));
  }

  /** The password's hash, if the user has a password. */
  async findPasswordHash(user: string): Promise<string | undefined> {
    return (await this.#passwords.find(passwordKey(user)))?.value.hash;
  }

  /** The change that sets the password's hash, for an atomic write. */
  passwordChange(user: string, hash: string): { put: NewItem } {
    return { put: this.#passwords.encode(passwordKey(user), { hash }) };
  }

  /** The change that says whose WebAuthn id it is, for an atomic write. */
  ownerChange(userId: Uint8Array, user: string): { put: NewItem } {
    return { put: this.#owners.encode(webauthnUserKey(userId), { user }) };
  }

  /** Changes that add a new device, for an atomic write. */
  deviceChanges(user: string, device: MFADevice): { put: NewItem }[] {
    return [
      { put: this.devices.encode(deviceKey(user, device.id), device) },
      { put: this.#owners.encode(credentialKey(credentialIdOf(device)), { user }) },
    ];
  }

  /** Changes that remove the user's password and devices, for an atomic write. */
  async removal(user: string): Promise<Change[]> {
    const devices = await this.devices.list(devicesPrefix(user));
    return [
      passwordKey(user),
      ...devices.flatMap(({ item, value }) => [
        item.key,
        credentialKey(credentialIdOf(value)),
      ]),
    ].map((key) => ({ delete: key }));
  }

  /** The user's WebAuthn id, if one was assigned. */
  async findWebauthnId(user: string): Promise<WebauthnLocalAuth | undefined> {
    return (await this.webauthnIds.find(webauthnIdKey(user)))?.value;
  }

  async getWebauthnLocalAuth(user: string): Promise<WebauthnLocalAuth> {
    const found = await this.findWebauthnId(user);
    if (found === undefined) throw new ToolError("not_found", "user has no WebAuthn id");
    return found;
  }

  async getTeleportUserByWebauthnID(webauthnId: Uint8Array): Promise<string> {
    const found = await this.#owners.find(webauthnUserKey(webauthnId));
    if (found === undefined) throw new ToolError("not_found", "WebAuthn id is not known");
    return found.value.user;
  }

  /** Devices, those added first at the front. Without secrets they have no key, but the ids that a challenge needs. */
  async getMFADevices(user: string, options: { withSecrets: boolean }): Promise<MFADevice[]> {
    const devices = (await this.devices.list(devicesPrefix(user))).map(({ value }) => value)
      .sort((a, b) => a.addedAtMs - b.addedAtMs || (a.id < b.id ? -1 : 1));
    return options.withSecrets ? devices : devices.map(withoutSecrets);
  }

  /**
   * Brings counter and last use of a device up to date. A device that was removed meanwhile stays removed (`not_found`): a
   * login that is under way must not bring back what a reset took away.
   */
  async upsertMFADevice(user: string, device: MFADevice): Promise<void> {
    const key = deviceKey(user, device.id);
    for (let attempt = 1;; attempt++) {
      const found = await this.devices.find(key);
      if (found === undefined) throw new ToolError("not_found", "device was removed");
      try {
        await this.#backend.compareAndSwap(found.item.revision, this.devices.encode(key, device));
        return;
      } catch (error) {
        if (!isToolError(error, "compare_failed") || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async upsertWebauthnSessionData(user: string, id: string, data: SessionData): Promise<void> {
    const key = challengeKey(user, id);
    await this.#backend.put(this.challenges.encode(key, data, data.expiresAtMs));
  }

  getWebauthnSessionData(user: string, id: string): Promise<SessionData> {
    return this.requireChallenge(challengeKey(user, id));
  }

  deleteWebauthnSessionData(user: string, id: string): Promise<void> {
    return this.#backend.delete(challengeKey(user, id));
  }

  async upsertGlobalWebauthnSessionData(
    scope: string,
    id: string,
    data: SessionData,
  ): Promise<void> {
    const key = globalChallengeKey(scope, id);
    await this.#backend.put(this.challenges.encode(key, data, data.expiresAtMs));
  }

  getGlobalWebauthnSessionData(scope: string, id: string): Promise<SessionData> {
    return this.requireChallenge(globalChallengeKey(scope, id));
  }

  deleteGlobalWebauthnSessionData(scope: string, id: string): Promise<void> {
    return this.#backend.delete(globalChallengeKey(scope, id));
  }

  /** The challenge at `key`. Throws `not_found`. */
  async requireChallenge(key: string): Promise<SessionData> {
    const found = await this.challenges.find(key);
    if (found === undefined) throw new ToolError("not_found", "challenge is not known");
    return found.value;
  }
}

function withoutSecrets(device: MFADevice): MFADevice {
  if (device.kind === "u2f") {
    return { ...device, u2f: { ...device.u2f, publicKeyCbor: new Uint8Array() } };
  }
  const { attestationObject: _, ...webauthn } = device.webauthn;
  return { ...device, webauthn: { ...webauthn, publicKeyCbor: new Uint8Array() } };
}
