import { z } from "zod";
import type { Backend } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type { Caller, JoinToken, JoinTokens } from "../auth.ts";
import { actorOf, requireAdmin } from "../errors.ts";
import { Records } from "../records.ts";
import { joinTokenKey, joinTokensPrefix, secretHash } from "../store_keys.ts";

/** Longest life of a token. */
const MAX_TTL_MS = 30 * 24 * 3_600_000;
/** Shortest token that is taken: 128 bits in hexadecimal. */
const MIN_LENGTH = 32;
const MAX_LENGTH = 256;
/** How much of a token's hash names it to administrators. It says nothing of the token. */
const ID_LENGTH = 16;

interface TokenRecord {
  createdAtMs: number;
  expiresAtMs: number;
}

const schema: z.ZodType<TokenRecord> = z.object({
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
});

/**
 * Tokens with which machines join as nodes, and which are good for nothing else. Only hashes are kept, under a prefix of their
 * own. A token may be used by several machines until it expires or is removed.
 */
export class JoinTokenService implements JoinTokens {
  readonly #backend: Backend;
  readonly #audit: AuditLog;
  readonly #clock: Deps["clock"];
  readonly #records: Records<TokenRecord>;

  /** Tokens kept in `backend`. */
  constructor(
    { backend, audit, deps }: { backend: Backend; audit: AuditLog; deps: Pick<Deps, "clock"> },
  ) {
    this.#backend = backend;
    this.#audit = audit;
    this.#clock = deps.clock;
    this.#records = new Records(backend, "join token", schema);
  }

  async create(
    caller: Caller,
    { token, expiresAtMs }: { token: string; expiresAtMs: number },
  ): Promise<JoinToken> {
    requireAdmin(caller);
    if (!/^[\x21-\x7e]+$/.test(token) || token.length < MIN_LENGTH || token.length > MAX_LENGTH) {
      throw new ToolError(
        "bad_parameter",
        `a join token has ${MIN_LENGTH} to ${MAX_LENGTH} characters without spaces`,
      );
    }
    const now = this.#clock.now();
    if (!(expiresAtMs > now && expiresAtMs <= now + MAX_TTL_MS)) {
      throw new ToolError("bad_parameter", "a join token can be good for at most 720h");
    }
    const hash = secretHash(token);
    const record = { createdAtMs: now, expiresAtMs };
    await this.#backend.create(this.#records.encode(joinTokenKey(hash), record, expiresAtMs));
    this.#audit.emit("joinTokenCreated", {
      actor: actorOf(caller),
      message: idOf(hash),
      expiresAtMs,
      address: caller.client.address,
    });
    return { id: idOf(hash), ...record };
  }

  async list(caller: Caller): Promise<JoinToken[]> {
    requireAdmin(caller);
    const found = await this.#records.list(joinTokensPrefix);
    return found.map(({ item, value }) => ({ id: idOf(hashOf(item.key)), ...value }))
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs);
  }

  async delete(caller: Caller, tokenOrId: string): Promise<void> {
    requireAdmin(caller);
    const hash = secretHash(tokenOrId);
    const found = (await this.#records.list(joinTokensPrefix)).filter(({ item: { key } }) =>
      hashOf(key) === hash || idOf(hashOf(key)) === tokenOrId
    );
    // What was typed may be a token, so it is not repeated.
    if (found.length === 0) throw new ToolError("not_found", "the token is not found");
    for (const { item } of found) await this.#backend.delete(item.key);
  }

  /** Throws `access_denied` for a token that is unknown, removed or expired, alike. */
  async require(token: string): Promise<void> {
    const isGood = token.length <= MAX_LENGTH &&
      await this.#records.find(joinTokenKey(secretHash(token))) !== undefined;
    if (!isGood) throw new ToolError("access_denied", "the token is not valid, or has expired");
  }
}

function hashOf(key: string): string {
  return key.slice(joinTokensPrefix.length);
}

function idOf(hash: string): string {
  return hash.slice(0, ID_LENGTH);
}
