import { ToolError } from "../errors/mod.ts";
import { CHALLENGE_LIFETIME_MS } from "./session.ts";
import type { LoginIdentity, MFADevice, RegistrationIdentity, SessionData } from "./types.ts";

/** A LoginIdentity whose users have exactly `devices`; everything else, and every write, goes to `identity`. */
export function withDevices(
  identity: LoginIdentity,
  devices: readonly MFADevice[],
): LoginIdentity {
  return {
    getWebauthnLocalAuth: (user) => identity.getWebauthnLocalAuth(user),
    getMFADevices: () => Promise.resolve([...devices]),
    upsertMFADevice: (user, device) => identity.upsertMFADevice(user, device),
    upsertWebauthnSessionData: (user, id, data) =>
      identity.upsertWebauthnSessionData(user, id, data),
    getWebauthnSessionData: (user, id) => identity.getWebauthnSessionData(user, id),
    deleteWebauthnSessionData: (user, id) => identity.deleteWebauthnSessionData(user, id),
  };
}

/**
 * A RegistrationIdentity that keeps challenges in memory, for a registration that begins and ends in this process (on
 * one stream). Everything else goes to `identity`. Challenges that were never answered go when their time is over.
 */
export function withInMemorySessionData(identity: RegistrationIdentity): RegistrationIdentity {
  const sessions = new Map<string, SessionData>();
  const keyOf = (user: string, id: string) => JSON.stringify([user, id]);
  const missing = (user: string) =>
    new ToolError("not_found", `session data for user ${JSON.stringify(user)} not found`);

  return {
    upsertWebauthnLocalAuth: (user, localAuth) => identity.upsertWebauthnLocalAuth(user, localAuth),
    getWebauthnLocalAuth: (user) => identity.getWebauthnLocalAuth(user),
    getTeleportUserByWebauthnID: (id) => identity.getTeleportUserByWebauthnID(id),
    getMFADevices: (user, options) => identity.getMFADevices(user, options),
    upsertMFADevice: (user, device) => identity.upsertMFADevice(user, device),
    upsertWebauthnSessionData: (user, id, data) => {
      const nowMs = data.expiresAtMs - CHALLENGE_LIFETIME_MS;
      for (const [key, { expiresAtMs }] of sessions) if (expiresAtMs <= nowMs) sessions.delete(key);
      sessions.set(keyOf(user, id), data);
      return Promise.resolve();
    },
    getWebauthnSessionData: (user, id) => {
      const data = sessions.get(keyOf(user, id));
      return data === undefined ? Promise.reject(missing(user)) : Promise.resolve(data);
    },
    deleteWebauthnSessionData: (user, id) =>
      sessions.delete(keyOf(user, id)) ? Promise.resolve() : Promise.reject(missing(user)),
  };
}
