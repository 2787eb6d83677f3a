import type { Clock, Random } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import { equalBytes, toBase64Url } from "./bytes.ts";
import type { SessionData } from "./types.ts";

/** How long a challenge waits for its answer, and the `timeout` that clients get (WebAuthn L3 §15.1 recommends 5 min). */
export const CHALLENGE_LIFETIME_MS: number = 5 * 60 * 1000;

/** WebAuthn L3 §13.4.3 asks for 16 at least. */
const CHALLENGE_BYTES = 32;

/**
 * Where the challenges of one kind of ceremony wait. The challenge itself is the key: somebody may have several at a
 * time (two tabs, two requests), and an answer can use up no other challenge than its own.
 */
export interface ChallengeStore {
  put(challenge: string, data: SessionData): Promise<void>;
  /** Throws `not_found`. */
  get(challenge: string): Promise<SessionData>;
  /** Throws `not_found` when it is gone already. */
  delete(challenge: string): Promise<void>;
}

/** The slice of an identity that keeps challenges of a user. */
interface UserSessions {
  upsertWebauthnSessionData(user: string, sessionId: string, data: SessionData): Promise<void>;
  getWebauthnSessionData(user: string, sessionId: string): Promise<SessionData>;
  deleteWebauthnSessionData(user: string, sessionId: string): Promise<void>;
}

/** The challenges of `user`, kept under the session ids `login/<challenge>` or `registration/<challenge>`. */
export function userChallenges(
  identity: UserSessions,
  user: string,
  ceremony: "login" | "registration",
): ChallengeStore {
  const id = (challenge: string) => `${ceremony}/${challenge}`;
  return {
    put: (challenge, data) => identity.upsertWebauthnSessionData(user, id(challenge), data),
    get: (challenge) => identity.getWebauthnSessionData(user, id(challenge)),
    delete: (challenge) => identity.deleteWebauthnSessionData(user, id(challenge)),
  };
}

/** Makes a challenge, stores it with what its answer must satisfy, and gives it in base64url. */
export async function issueChallenge(
  store: ChallengeStore,
  data: Omit<SessionData, "challenge" | "expiresAtMs">,
  { clock, random }: { clock: Clock; random: Random },
): Promise<string> {
  const challenge = random.bytes(CHALLENGE_BYTES);
  const id = toBase64Url(challenge);
  await store.put(id, { ...data, challenge, expiresAtMs: clock.now() + CHALLENGE_LIFETIME_MS });
  return id;
}

/**
 * What was stored with a challenge that still waits.
 *
 * @throws {ToolError} `access_denied` when there is none, `expired` when it waited too long.
 */
export async function openChallenge(
  store: ChallengeStore,
  challenge: Uint8Array,
  clock: Clock,
): Promise<SessionData> {
  const id = toBase64Url(challenge);
  const data = await orSpent(store.get(id));
  if (!equalBytes(data.challenge, challenge)) throw spent();
  if (clock.now() >= data.expiresAtMs) {
    await store.delete(id).catch(ignoreNotFound);
    throw new ToolError("expired", "the WebAuthn challenge has expired", {
      hint: "Try again and answer within 5 minutes.",
    });
  }
  return data;
}

/**
 * Uses a challenge up. Storage deletes it once, so of two answers at the same moment one gets through.
 *
 * @throws {ToolError} `access_denied` when it was used up already.
 */
export async function consumeChallenge(
  store: ChallengeStore,
  challenge: Uint8Array,
): Promise<void> {
  await orSpent(store.delete(toBase64Url(challenge)));
}

async function orSpent<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isToolError(error, "not_found")) throw spent(error);
    throw error;
  }
}

function spent(cause?: unknown): ToolError {
  return new ToolError(
    "access_denied",
    "the WebAuthn challenge is unknown, has expired or was answered already",
    { cause },
  );
}

function ignoreNotFound(error: unknown): void {
  if (!isToolError(error, "not_found")) throw error;
}
