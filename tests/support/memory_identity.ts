import { ToolError } from "../../lib/errors/mod.ts";
import type {
  LoginIdentity,
  MFADevice,
  PasswordlessIdentity,
  RegistrationIdentity,
  SessionData,
  WebauthnLocalAuth,
} from "../../lib/webauthn/mod.ts";

/** Users, devices and challenges in memory, with the rules that the identities' contracts ask of storage. */
export class MemoryIdentity implements LoginIdentity, PasswordlessIdentity, RegistrationIdentity {
  readonly #localAuths = new Map<string, WebauthnLocalAuth>();
  readonly #users = new Map<string, string>();
  readonly #devices = new Map<string, MFADevice[]>();
  /** Challenges that wait, by `user/session id` or `*scope/id`. */
  readonly sessions: Map<string, SessionData> = new Map();
  /** How often a WebAuthn id was written. */
  localAuthWrites = 0;

  upsertWebauthnLocalAuth(user: string, localAuth: WebauthnLocalAuth): Promise<void> {
    this.localAuthWrites++;
    this.#localAuths.set(user, localAuth);
    this.#users.set(localAuth.userId.toHex(), user);
    return Promise.resolve();
  }

  getWebauthnLocalAuth(user: string): Promise<WebauthnLocalAuth> {
    return found(this.#localAuths.get(user), "WebAuthn id");
  }

  getTeleportUserByWebauthnID(webauthnId: Uint8Array): Promise<string> {
    return found(this.#users.get(webauthnId.toHex()), "user");
  }

  /** Loses the way from WebAuthn id to user, as a bad write would. */
  loseIndex(): void {
    this.#users.clear();
  }

  getMFADevices(user: string): Promise<MFADevice[]> {
    return Promise.resolve(structuredClone(this.#devices.get(user) ?? []));
  }

  upsertMFADevice(user: string, device: MFADevice): Promise<void> {
    const others = (this.#devices.get(user) ?? []).filter(({ id }) => id !== device.id);
    const everyone = [...this.#devices.values()].flat().filter(({ id }) => id !== device.id);
    if (others.some(({ name }) => name === device.name) || everyone.some(sameCredential(device))) {
      return Promise.reject(new ToolError("already_exists", "device exists"));
    }
    this.#devices.set(user, [...others, structuredClone(device)]);
    return Promise.resolve();
  }

  upsertWebauthnSessionData(user: string, id: string, data: SessionData): Promise<void> {
    this.sessions.set(`${user}/${id}`, structuredClone(data));
    return Promise.resolve();
  }

  getWebauthnSessionData(user: string, id: string): Promise<SessionData> {
    return found(this.sessions.get(`${user}/${id}`), "session data");
  }

  deleteWebauthnSessionData(user: string, id: string): Promise<void> {
    return this.sessions.delete(`${user}/${id}`) ? Promise.resolve() : missing("session data");
  }

  upsertGlobalWebauthnSessionData(scope: string, id: string, data: SessionData): Promise<void> {
    return this.upsertWebauthnSessionData(`*${scope}`, id, data);
  }

  getGlobalWebauthnSessionData(scope: string, id: string): Promise<SessionData> {
    return this.getWebauthnSessionData(`*${scope}`, id);
  }

  deleteGlobalWebauthnSessionData(scope: string, id: string): Promise<void> {
    return this.deleteWebauthnSessionData(`*${scope}`, id);
  }
}

function found<T>(value: T | undefined, what: string): Promise<T> {
  return value === undefined ? missing(what) : Promise.resolve(structuredClone(value));
}

function missing(what: string): Promise<never> {
  return Promise.reject(new ToolError("not_found", `${what} not found`));
}

function sameCredential(device: MFADevice): (other: MFADevice) => boolean {
  const id = credentialId(device);
  return (other) => credentialId(other) === id;
}

function credentialId(device: MFADevice): string {
  const id = device.kind === "webauthn" ? device.webauthn.credentialId : device.u2f.keyHandle;
  return id.toHex();
}
