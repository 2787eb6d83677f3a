import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Backend } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError } from "../errors/mod.ts";
import type { Caller, ClientInfo, WebSession } from "./auth.ts";
import { sessionDenied, signInDenied } from "./errors.ts";
import { SESSION_IDLE_MS, SESSION_TTL_MS } from "./limits.ts";
import { lookupName } from "./names.ts";
import { type Found, Records } from "./records.ts";
import { base64url, secretHash, webSessionKey, webSessionsPrefix } from "./store_keys.ts";
import type { UserRecord, UserService } from "./users.ts";

const SECRET_BYTES = 32;
/** Longest secret that is looked at: a name of 128 UTF-16 units and 32 bytes, in base64url. */
const MAX_SESSION_ID_LENGTH = 1024;
/** Last use is written at most this often: reading a page must not be a write each time. */
const TOUCH_EVERY_MS = 60_000;

/** A web session as stored, under the hash of its cookie. */
interface SessionRecord {
  /** SHA-256 of the bearer token, in hexadecimal. */
  bearerHash: string;
  /** The user's epoch when the session began. */
  epoch: string;
  createdAtMs: number;
  lastUsedMs: number;
  expiresAtMs: number;
}

const sessionSchema: z.ZodType<SessionRecord> = z.object({
  bearerHash: z.string(),
  epoch: z.string(),
  createdAtMs: z.number(),
  lastUsedMs: z.number(),
  expiresAtMs: z.number(),
});

/** What the session service needs. */
export interface WebSessionsContext {
  backend: Backend;
  users: UserService;
  maxPerUser: number;
  deps: Pick<Deps, "clock" | "random">;
}

/**
 * Web sessions. The cookie is `<user, base64url>.<secret>`, the bearer token another secret; both are needed, and only
 * hashes of them are kept. A session ends after 12 hours, after an hour without use, and when its user is locked, reset or
 * deleted.
 */
export class WebSessions {
  readonly #backend: Backend;
  readonly #users: UserService;
  readonly #maxPerUser: number;
  readonly #deps: Pick<Deps, "clock" | "random">;
  readonly #records: Records<SessionRecord>;

  /** Sessions kept in the context's backend. */
  constructor({ backend, users, maxPerUser, deps }: WebSessionsContext) {
    this.#backend = backend;
    this.#users = users;
    this.#maxPerUser = maxPerUser;
    this.#deps = deps;
    this.#records = new Records(backend, "web session", sessionSchema);
  }

  /** Begins a session of a user who has just proved to be that user. Throws `access_denied` if the user is changed meanwhile. */
  async begin(user: Found<UserRecord>): Promise<WebSession> {
    const { name, epoch } = user.value;
    const secret = base64url(this.#deps.random.bytes(SECRET_BYTES));
    const bearerToken = base64url(this.#deps.random.bytes(SECRET_BYTES));
    const now = this.#deps.clock.now();
    const expiresAtMs = now + SESSION_TTL_MS;
    const record: SessionRecord = {
      bearerHash: secretHash(bearerToken),
      epoch,
      createdAtMs: now,
      lastUsedMs: now,
      expiresAtMs,
    };
    const key = webSessionKey(name, secretHash(secret));
    try {
      await this.#backend.atomicWrite([{ key: user.item.key, revision: user.item.revision }], [
        { put: this.#records.encode(key, record, expiresAtMs) },
        ...await this.#surplus(name),
      ]);
    } catch (error) {
      if (isToolError(error, "compare_failed")) throw signInDenied(error);
      throw error;
    }
    const sessionId = `${base64url(new TextEncoder().encode(name))}.${secret}`;
    return { user: name, sessionId, bearerToken, expiresAtMs, idleTimeoutMs: SESSION_IDLE_MS };
  }

  /** The signed-in caller. Throws `access_denied` for anything that is not a live session of a live user. */
  async authenticate(
    { sessionId, bearerToken }: { sessionId: string; bearerToken: string },
    client: ClientInfo,
  ): Promise<Caller & { kind: "user" }> {
    const parts = parse(sessionId);
    const session = parts && await this.#records.find(parts.key);
    if (!parts || !session) throw sessionDenied();
    const now = this.#deps.clock.now();
    const { bearerHash, epoch, lastUsedMs, expiresAtMs } = session.value;
    const given = new TextEncoder().encode(secretHash(bearerToken));
    if (!timingSafeEqual(given, new TextEncoder().encode(bearerHash))) throw sessionDenied();
    if (now >= expiresAtMs || now - lastUsedMs >= SESSION_IDLE_MS) throw sessionDenied();
    const user = await this.#users.find(parts.user);
    if (user === undefined || user.value.locked || user.value.epoch !== epoch) {
      throw sessionDenied();
    }
    if (now - lastUsedMs >= TOUCH_EVERY_MS) await this.#touch(session, now);
    const { name, roles, logins } = user.value;
    return { kind: "user", user: name, roles, logins, mfaVerified: true, client };
  }

  /** Ends the session, if there is one. */
  async end({ sessionId }: { sessionId: string }): Promise<void> {
    const parts = parse(sessionId);
    if (parts === undefined) return;
    try {
      await this.#backend.delete(parts.key);
    } catch (error) {
      if (!isToolError(error, "not_found")) throw error;
    }
  }

  /** Writes down that the session was used, unless it has just ended or somebody else did. */
  async #touch({ item, value }: Found<SessionRecord>, now: number): Promise<void> {
    const record = this.#records.encode(
      item.key,
      { ...value, lastUsedMs: now },
      value.expiresAtMs,
    );
    try {
      await this.#backend.compareAndSwap(item.revision, record);
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
    }
  }

  /** Changes that remove the oldest sessions, so that with a new one there are not too many. */
  async #surplus(user: string): Promise<{ delete: string }[]> {
    const sessions = await this.#records.list(webSessionsPrefix(user));
    const surplus = sessions.length + 1 - this.#maxPerUser;
    if (surplus <= 0) return [];
    return sessions.sort((a, b) => a.value.lastUsedMs - b.value.lastUsedMs).slice(0, surplus)
      .map(({ item }) => ({ delete: item.key }));
  }
}

/** User and key of a cookie's session, if it has the form of one. */
function parse(sessionId: string): { user: string; key: string } | undefined {
  const match = sessionId.length > MAX_SESSION_ID_LENGTH
    ? null
    : /^([\w-]+)\.([\w-]{43})$/.exec(sessionId);
  if (match === null) return undefined;
  try {
    const bytes = Uint8Array.fromBase64(match[1]!, { alphabet: "base64url" });
    const user = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (lookupName(user) !== user) return undefined;
    return { user, key: webSessionKey(user, secretHash(match[2]!)) };
  } catch {
    return undefined;
  }
}
