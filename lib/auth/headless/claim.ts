import type { Backend, Item } from "../../backend/mod.ts";
import { isToolError } from "../../errors/mod.ts";
import type { Records } from "../records.ts";
import type { SettingsService } from "../settings.ts";
import { authPreferenceKey } from "../store_keys.ts";
import type { UserRecord, UserService } from "../users.ts";
import type { HeadlessRecord, RequestRecord } from "./record.ts";

/** How often a claim is tried again when the user or the settings change at that moment. */
const MAX_ATTEMPTS = 10;

/** What a claim needs. */
export interface ClaimContext {
  backend: Backend;
  records: Records<HeadlessRecord>;
  users: UserService;
  settings: SettingsService;
}

/**
 * Takes an approval, so that exactly one certificate can follow from it: in one atomic write, on condition that the record, the
 * user and the settings are still what was read just before.
 *
 * @returns The user as of that write, or why there must be no certificate.
 */
export async function claimApproval(
  { backend, records, users, settings }: ClaimContext,
  { item, record, user: name, signal }: {
    item: Item;
    record: RequestRecord;
    user: string;
    signal: AbortSignal;
  },
): Promise<{ user: UserRecord } | { refusal: string }> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const [user, preference] = await Promise.all([users.find(name), settings.find()]);
    if (signal.aborted) return { refusal: "command went away" };
    if (user === undefined || user.value.locked) return { refusal: "user is locked or removed" };
    if (user.value.epoch !== record.epoch) return { refusal: "user was reset since the approval" };
    if (!settings.fill(preference?.value).allowHeadless) return { refusal: "headless is disabled" };
    try {
      await backend.atomicWrite([
        { key: item.key, revision: item.revision },
        { key: user.item.key, revision: user.item.revision },
        preference === undefined
          ? { key: authPreferenceKey, exists: false }
          : { key: authPreferenceKey, revision: preference.item.revision },
      ], [{ put: records.encode(item.key, { ...record, claimed: true }, item.expiresAtMs) }]);
      return { user: user.value };
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
      const current = await records.find(item.key);
      if (current?.item.revision !== item.revision) return { refusal: "approval was taken back" };
    }
  }
  return { refusal: "user or settings change all the time" };
}
