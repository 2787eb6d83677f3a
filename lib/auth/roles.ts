import { z } from "zod";
import type { Backend } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import { checkRole, type RoleResource } from "../resources/mod.ts";
import { BUILT_IN_ROLES, findRole, rolesOf } from "./access/mod.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { Caller, Roles } from "./auth.ts";
import { actorOf, requireAdmin } from "./errors.ts";
import { RecordCache } from "./record_cache.ts";
import { Records } from "./records.ts";
import { roleKey, rolesPrefix } from "./store_keys.ts";

/** What was stored was checked before, field by field; here only that it is a role at all. */
const storedSchema: z.ZodType<RoleResource> = z.custom<RoleResource>((value) =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "role"
);

/** What the role service needs. */
export interface RolesContext {
  backend: Backend;
  audit: AuditLog;
  deps: Pick<Deps, "clock">;
}

/** Roles: those that every cluster has, and those that administrators made. */
export class RoleService implements Roles, AsyncDisposable {
  readonly #backend: Backend;
  readonly #audit: AuditLog;
  readonly #records: Records<RoleResource>;
  readonly #cache: RecordCache<RoleResource>;

  /** Roles kept in the context's backend. */
  constructor({ backend, audit, deps }: RolesContext) {
    this.#backend = backend;
    this.#audit = audit;
    this.#records = new Records(backend, "role", storedSchema);
    this.#cache = new RecordCache(backend, {
      records: this.#records,
      prefix: rolesPrefix,
      what: "roles",
      deps,
    });
  }

  /** Reads the roles that there are. */
  start(): Promise<void> {
    return this.#cache.start();
  }

  find(name: string): RoleResource | undefined {
    return findRole(name) ?? this.#cache.get(roleKey(name || "\0"));
  }

  of(names: readonly string[]): RoleResource[] {
    return rolesOf(names, (name) => this.find(name));
  }

  list(): RoleResource[] {
    return sorted([...BUILT_IN_ROLES, ...Array.from(this.#cache.all(), ({ value }) => value)]);
  }

  /** All roles as the store has them now, for answers that must not be late by a watch. */
  async read(): Promise<RoleResource[]> {
    const stored = await this.#records.list(rolesPrefix);
    return sorted([...BUILT_IN_ROLES, ...stored.map(({ value }) => value)]);
  }

  async upsert(caller: Caller, role: RoleResource): Promise<void> {
    requireAdmin(caller);
    const checked = checkRole(role);
    const { name } = checked.metadata;
    refuseBuiltIn(name);
    const key = roleKey(name);
    this.#cache.apply(key, await this.#backend.put(this.#records.encode(key, checked)));
    this.#record("roleCreated", name, caller);
  }

  /** Removes a role. Whoever still has it has no roles at all from then on: what it denied is not known any more. */
  async delete(caller: Caller, name: string): Promise<void> {
    requireAdmin(caller);
    refuseBuiltIn(name);
    const key = roleKey(name || "\0");
    try {
      await this.#backend.delete(key);
    } catch (error) {
      if (!isToolError(error, "not_found")) throw error;
      throw new ToolError("not_found", `role "${name.slice(0, 255)}" is not found`);
    }
    this.#cache.apply(key, undefined);
    this.#record("roleDeleted", name, caller);
  }

  #record(kind: "roleCreated" | "roleDeleted", name: string, caller: Caller): void {
    this.#audit.emit(kind, {
      message: name,
      actor: actorOf(caller),
      address: caller.client.address,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cache.close();
  }
}

function refuseBuiltIn(name: string): void {
  if (findRole(name) === undefined) return;
  throw new ToolError("bad_parameter", `role "${name}" is built in and cannot be changed`, {
    hint: "Make a role of another name.",
  });
}

function sorted(roles: RoleResource[]): RoleResource[] {
  return roles.sort((a, b) => a.metadata.name < b.metadata.name ? -1 : 1);
}
