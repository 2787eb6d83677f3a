import { z } from "zod";
import type { Backend, Change, Condition } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { certificatesFrom } from "./access/mod.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { Caller, Invitation } from "./auth.ts";
import { actorOf, requireAdmin } from "./errors.ts";
import type { IdentityStore } from "./identity_store.ts";
import { INVITATION_TTL_MS, MAX_INVITATION_TTL_MS } from "./limits.ts";
import { type Found, Records } from "./records.ts";
import { enrolmentIdKey, invitationKey, secretHash, tokenKey } from "./store_keys.ts";
import type { UserRecord, UserService } from "./users.ts";

/** 160 bits, in hexadecimal so that the link survives being copied from anywhere. */
const TOKEN_BYTES = 20;
const TOKEN = /^[0-9a-f]{40}$/;

/** The one invitation of a user that is good. */
interface InvitationRecord {
  /** SHA-256 of the token. */
  tokenHash: string;
  expiresAtMs: number;
}

/** An invitation that was shown and is good: everything that using it up depends on. */
export interface Grant {
  user: Found<UserRecord>;
  tokenHash: string;
  expiresAtMs: number;
  /** What must still hold when it is used up. */
  conditions: Condition[];
  /** What using it up removes. */
  changes: Change[];
}

/** What the invitation service needs. */
export interface InvitationsContext {
  backend: Backend;
  users: UserService;
  identities: IdentityStore;
  audit: AuditLog;
  /** `host` or `host:port` of the proxy, for links. */
  proxyAddress: () => string;
  deps: Pick<Deps, "clock" | "random">;
}

/**
 * Invitations and resets: a secret link with which somebody sets a password and registers a key. Of a token only the hash is
 * kept. A user has one good invitation at most, the newest.
 */
export class InvitationService {
  readonly #users: UserService;
  readonly #identities: IdentityStore;
  readonly #audit: AuditLog;
  readonly #proxyAddress: () => string;
  readonly #deps: Pick<Deps, "clock" | "random">;
  readonly #invitations: Records<InvitationRecord>;
  readonly #tokens: Records<{ user: string }>;

  /** Invitations kept in the context's backend. */
  constructor(context: InvitationsContext) {
    this.#users = context.users;
    this.#identities = context.identities;
    this.#audit = context.audit;
    this.#proxyAddress = context.proxyAddress;
    this.#deps = context.deps;
    this.#invitations = new Records(
      context.backend,
      "invitation",
      z.object({ tokenHash: z.string(), expiresAtMs: z.number() }),
    );
    this.#tokens = new Records(context.backend, "invitation", z.object({ user: z.string() }));
  }

  /** Makes an invitation; a `reset` takes away password, devices and sessions in the same write. */
  async invite(
    caller: Caller,
    name: string,
    { reset, ttlMs = INVITATION_TTL_MS }: { reset: boolean; ttlMs?: number },
  ): Promise<Invitation> {
    requireAdmin(caller);
    if (!(ttlMs >= 1 && ttlMs <= MAX_INVITATION_TTL_MS)) {
      throw new ToolError("bad_parameter", "maximum token TTL is 48h0m0s");
    }
    const token = this.#deps.random.bytes(TOKEN_BYTES).toHex();
    const tokenHash = secretHash(token);
    const now = this.#deps.clock.now();
    const expiresAtMs = now + ttlMs;
    await this.#users.change(name, async (user) => ({
      user: reset
        ? {
          ...user,
          epoch: this.#deps.random.uuid(),
          certificatesFromMs: certificatesFrom(user, now),
        }
        : user,
      also: [
        ...await this.#void(name),
        ...reset ? await this.#identities.removal(name) : [],
        {
          put: this.#invitations.encode(
            invitationKey(name),
            { tokenHash, expiresAtMs },
            expiresAtMs,
          ),
        },
        { put: this.#tokens.encode(tokenKey(tokenHash), { user: name }, expiresAtMs) },
      ],
    }));
    if (reset) await this.#users.endEverything(name);
    this.#audit.emit("invitationCreated", {
      user: name,
      actor: actorOf(caller),
      message: reset ? "reset" : "invitation",
      expiresAtMs,
      address: caller.client.address,
    });
    return {
      user: name,
      token,
      url: `https://${this.#proxyAddress()}/web/invite/${token}`,
      expiresAtMs,
    };
  }

  /** The invitation that a token stands for. Throws `not_found` for unknown, used, voided and expired tokens alike. */
  async require(token: string): Promise<Grant> {
    const grant = TOKEN.test(token) ? await this.#find(secretHash(token)) : undefined;
    if (grant === undefined) {
      throw new ToolError("not_found", "invitation is not known, was used or has expired", {
        hint: "Ask your administrator for a new one.",
      });
    }
    return grant;
  }

  async #find(tokenHash: string): Promise<Grant | undefined> {
    const token = await this.#tokens.find(tokenKey(tokenHash));
    if (token === undefined) return undefined;
    const name = token.value.user;
    const [invitation, user] = await Promise.all([
      this.#invitations.find(invitationKey(name)),
      this.#users.find(name),
    ]);
    if (invitation?.value.tokenHash !== tokenHash || user === undefined) return undefined;
    if (user.value.locked) return undefined;
    return {
      user,
      tokenHash,
      expiresAtMs: invitation.value.expiresAtMs,
      conditions: [token, invitation, user].map(({ item: { key, revision } }) => ({
        key,
        revision,
      })),
      changes: [token.item.key, invitation.item.key, enrolmentIdKey(tokenHash)]
        .map((key) => ({ delete: key })),
    };
  }

  /** Changes that remove the user's earlier invitation. */
  async #void(name: string): Promise<Change[]> {
    const earlier = await this.#invitations.find(invitationKey(name));
    if (earlier === undefined) return [];
    return [tokenKey(earlier.value.tokenHash), enrolmentIdKey(earlier.value.tokenHash)]
      .map((key) => ({ delete: key }));
  }
}
