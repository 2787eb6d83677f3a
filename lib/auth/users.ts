import { z } from "zod";
import type { Backend, Change } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import { isLoginName, LOGIN_NAME_FORM } from "../wire/login_name.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { Caller, Roles, User } from "./auth.ts";
import { actorOf, requireAdmin, requireUser } from "./errors.ts";
import type { IdentityStore } from "./identity_store.ts";
import { lookupName, MAX_NAME_LENGTH, userNameProblem } from "./names.ts";
import { type Found, Records } from "./records.ts";
import {
  headlessPrefix,
  invitationKey,
  knownAddressesPrefix,
  userKey,
  usersPrefix,
  webauthnIdKey,
  webauthnUserKey,
  webSessionsPrefix,
} from "./store_keys.ts";

/** A user as stored. */
export interface UserRecord {
  name: string;
  roles: string[];
  logins: string[];
  createdAtMs: number;
  locked: boolean;
  /** Changes when all that the user was given before is to end: sessions name the epoch that they belong to. */
  epoch: string;
  /** Certificates issued before this moment are no longer the user's. */
  certificatesFromMs: number;
}

const userSchema: z.ZodType<UserRecord> = z.object({
  name: z.string(),
  roles: z.array(z.string()),
  logins: z.array(z.string()),
  createdAtMs: z.number(),
  locked: z.boolean(),
  epoch: z.string(),
  certificatesFromMs: z.number(),
});

const MAX_LIST_LENGTH = 64;
/** How often a change is tried again when somebody else changes the same user at the same time. */
const MAX_ATTEMPTS = 10;

/** What the user service needs. */
export interface UsersContext {
  backend: Backend;
  identities: IdentityStore;
  roles: Pick<Roles, "find">;
  audit: AuditLog;
  deps: Pick<Deps, "clock" | "random">;
}

/** Users: who they are, not how they prove it. */
export class UserService {
  readonly #backend: Backend;
  readonly #identities: IdentityStore;
  readonly #roles: Pick<Roles, "find">;
  readonly #audit: AuditLog;
  readonly #deps: Pick<Deps, "clock" | "random">;
  readonly #records: Records<UserRecord>;

  /** Users kept in the context's backend. */
  constructor({ backend, identities, roles, audit, deps }: UsersContext) {
    this.#backend = backend;
    this.#identities = identities;
    this.#roles = roles;
    this.#audit = audit;
    this.#deps = deps;
    this.#records = new Records(backend, "user", userSchema);
  }

  /** Makes a user, who cannot sign in before an invitation is used. */
  async create(
    caller: Caller,
    { name, roles, logins }: { name: string; roles: string[]; logins: string[] },
  ): Promise<User> {
    requireAdmin(caller);
    checkName(name);
    checkRoles(roles, this.#roles);
    checkLogins(logins);
    const now = this.#deps.clock.now();
    const record: UserRecord = {
      name,
      roles: [...new Set(roles)],
      logins: [...new Set(logins)],
      createdAtMs: now,
      locked: false,
      epoch: this.#deps.random.uuid(),
      certificatesFromMs: now,
    };
    try {
      await this.#backend.create(this.#records.encode(userKey(name), record));
    } catch (error) {
      if (!isToolError(error, "already_exists")) throw error;
      throw new ToolError("already_exists", `user "${name}" already registered`);
    }
    this.#audit.emit("userCreated", {
      user: name,
      actor: actorOf(caller),
      roles: record.roles,
      logins: record.logins,
      address: caller.client.address,
    });
    return publicUser(record);
  }

  /** All users, by name. */
  async list(caller: Caller): Promise<User[]> {
    requireAdmin(caller);
    return (await this.#records.list(usersPrefix)).map(({ value }) => publicUser(value));
  }

  /** One user. */
  async get(caller: Caller, name: string): Promise<User> {
    requireAdmin(caller);
    return publicUser((await this.require(name)).value);
  }

  /** The calling user. */
  async current(caller: Caller): Promise<User> {
    return publicUser((await this.require(requireUser(caller).user)).value);
  }

  /** Locks a user out, or in again. Locking ends sessions and pending requests. */
  async setLocked(caller: Caller, name: string, locked: boolean): Promise<void> {
    requireAdmin(caller);
    await this.change(name, (user) => ({ user: { ...user, locked } }));
    if (locked) await this.endEverything(name);
    this.#audit.emit("userUpdated", {
      user: name,
      actor: actorOf(caller),
      message: locked ? "locked" : "unlocked",
      address: caller.client.address,
    });
  }

  /** Removes a user and all that is the user's, in one write. */
  async delete(caller: Caller, name: string): Promise<void> {
    requireAdmin(caller);
    await this.change(name, async () => ({ user: undefined, also: await this.#removeAll(name) }));
    await this.endEverything(name);
    this.#audit.emit("userDeleted", {
      user: name,
      actor: actorOf(caller),
      address: caller.client.address,
    });
  }

  /** All users as stored, by name. */
  async all(): Promise<UserRecord[]> {
    return (await this.#records.list(usersPrefix)).map(({ value }) => value);
  }

  /** The user as stored, or `undefined`. */
  find(name: string): Promise<Found<UserRecord> | undefined> {
    return this.#records.find(userKey(lookupName(name)));
  }

  /** The user as stored. Throws `not_found`. */
  async require(name: string): Promise<Found<UserRecord>> {
    const found = await this.find(name);
    if (found === undefined) throw notFound(name);
    return found;
  }

  /**
   * Replaces the user by what `edit` makes of it (removes it for `user: undefined`), with other changes in the same write, if
   * nobody changed it meanwhile; else reads it again and starts over.
   */
  async change(
    name: string,
    edit: (user: UserRecord) => Edit | Promise<Edit>,
  ): Promise<void> {
    for (let attempt = 1;; attempt++) {
      const { item, value } = await this.require(name);
      const { user, also = [] } = await edit(value);
      try {
        await this.#backend.atomicWrite([{ key: item.key, revision: item.revision }], [
          user === undefined ? { delete: item.key } : { put: this.#records.encode(item.key, user) },
          ...also,
        ]);
        return;
      } catch (error) {
        if (!isToolError(error, "compare_failed") || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** The change that writes `user`, for an atomic write of somebody else's. */
  encode(user: UserRecord): Change {
    return { put: this.#records.encode(userKey(user.name), user) };
  }

  /**
   * Ends web sessions and headless requests, and forgets from where they were begun. Those who wait see their record go.
   */
  async endEverything(name: string): Promise<void> {
    await this.#backend.deleteRange(webSessionsPrefix(name));
    await this.#backend.deleteRange(headlessPrefix(name));
    await this.#backend.deleteRange(knownAddressesPrefix(name));
  }

  async #removeAll(name: string): Promise<Change[]> {
    const localAuth = await this.#identities.findWebauthnId(name);
    return [
      ...await this.#identities.removal(name),
      { delete: webauthnIdKey(name) },
      { delete: invitationKey(name) },
      ...localAuth === undefined ? [] : [{ delete: webauthnUserKey(localAuth.userId) }],
    ];
  }
}

/** What becomes of a user, and what else is written with it. */
export interface Edit {
  /** The user's new record; `undefined` removes the user. */
  user: UserRecord | undefined;
  also?: Change[];
}

/** A user without what is only the cluster's business. */
export function publicUser({ name, roles, logins, createdAtMs, locked }: UserRecord): User {
  return { name, roles, logins, createdAtMs, locked };
}

function notFound(name: string): ToolError {
  return new ToolError("not_found", `user "${name.slice(0, MAX_NAME_LENGTH)}" is not found`, {
    hint: "List users with: tctl users ls",
  });
}

function checkName(name: string): void {
  const problem = userNameProblem(name);
  if (problem === undefined) return;
  throw new ToolError(
    "bad_parameter",
    `user name ${JSON.stringify(shortened(name))} is malformed: ${problem}`,
  );
}

/** Enough of what somebody wrote to know it again. */
function shortened(text: string): string {
  return text.length > MAX_NAME_LENGTH ? text.slice(0, MAX_NAME_LENGTH) + "…" : text;
}

function checkRoles(roles: string[], known: Pick<Roles, "find">): void {
  if (roles.length === 0 || roles.length > MAX_LIST_LENGTH) {
    throw new ToolError("bad_parameter", `a user needs 1 to ${MAX_LIST_LENGTH} roles`);
  }
  for (const role of roles) {
    if (known.find(role) === undefined) {
      throw new ToolError("not_found", `role ${role.slice(0, MAX_NAME_LENGTH)} is not found`);
    }
  }
}

function checkLogins(logins: string[]): void {
  if (logins.length > MAX_LIST_LENGTH) {
    throw new ToolError("bad_parameter", `a user can have at most ${MAX_LIST_LENGTH} logins`);
  }
  const wrong = logins.find((login) => !isLoginName(login));
  if (wrong !== undefined) {
    throw new ToolError(
      "bad_parameter",
      `login ${JSON.stringify(shortened(wrong))} is malformed: expected ${LOGIN_NAME_FORM}`,
    );
  }
}
