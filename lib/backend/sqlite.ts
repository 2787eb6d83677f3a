import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Deps } from "../deps/mod.ts";
import { messageOf, ToolError } from "../errors/mod.ts";
import type { Backend, Item, RangeOptions } from "./backend.ts";
import { claimDataDir, DATABASE_FILE, type DataDir } from "./data_dir.ts";
import { compareKeys, endOfRange } from "./keys.ts";
import { migrate } from "./sqlite_schema.ts";
import { Store } from "./store.ts";
import type { Table } from "./table.ts";

/** How long SQLite waits for somebody else's lock, for instance a backup's. */
const BUSY_TIMEOUT_MS = 1_000;

/** Names beside the database that must be as private as it is. */
const COMPANIONS = ["", "-wal", "-shm"];

/**
 * Opens the store in `directory`, which is created (mode 0700, files 0600) when it is missing, brought to the current
 * schema when it is older, and locked against other processes until the store is closed.
 *
 * SQLite in WAL mode with `synchronous=FULL`: when a write has been answered it survives kill -9 and power failure.
 *
 * @throws {ToolError} `bad_parameter` when the directory or database is not ours, is damaged or newer than this program;
 * `already_exists` when another process uses it; `access_denied` when the file system says no.
 *
 * @example
 * ```ts ignore
 * await using store = openSqliteBackend("/var/lib/latchkey", realDeps());
 * await store.put({ key: key("users", "alice"), value: new Uint8Array() });
 * ```
 */
export function openSqliteBackend(
  directory: string,
  deps: Pick<Deps, "clock" | "random">,
): Backend {
  const dataDir = claimDataDir(directory);
  const file = `${directory}/${DATABASE_FILE}`;
  let database: DatabaseSync | undefined;
  try {
    // Made here, so that it never exists with the mode that SQLite would give it.
    Deno.openSync(file, { write: true, create: true, mode: 0o600 }).close();
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(database, file, deps.clock.now());
    restrictModes(file);
    return new Store(new SqliteTable(database, dataDir), deps);
  } catch (error) {
    database?.close();
    dataDir[Symbol.dispose]();
    if (error instanceof ToolError) throw error;
    throw new ToolError("bad_parameter", `cannot open the database ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function restrictModes(file: string): void {
  if (Deno.build.os === "windows") return;
  for (const suffix of COMPANIONS) {
    try {
      Deno.chmodSync(file + suffix, 0o600);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Rows in SQLite, sorted by its BINARY collation: the bytes of UTF-8. */
class SqliteTable implements Table {
  readonly #database: DatabaseSync;
  readonly #dataDir: DataDir;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #range: StatementSync;
  readonly #removeRange: StatementSync;
  readonly #removeExpired: StatementSync;
  readonly #earliestExpiry: StatementSync;

  constructor(database: DatabaseSync, dataDir: DataDir) {
    this.#database = database;
    this.#dataDir = dataDir;
    this.#get = database.prepare("SELECT * FROM items WHERE key = ?");
    this.#put = database.prepare(
      `INSERT INTO items (key, value, revision, expires_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET
         value = excluded.value, revision = excluded.revision, expires_at_ms = excluded.expires_at_ms`,
    );
    this.#delete = database.prepare("DELETE FROM items WHERE key = ?");
    this.#range = database.prepare(
      `SELECT * FROM items WHERE key > ? AND key < ? AND (expires_at_ms IS NULL OR expires_at_ms > ?)
       ORDER BY key LIMIT ?`,
    );
    this.#removeRange = database.prepare(
      "DELETE FROM items WHERE key > ? AND key < ? RETURNING key",
    );
    this.#removeExpired = database.prepare(
      "DELETE FROM items WHERE expires_at_ms <= ? RETURNING key",
    );
    this.#earliestExpiry = database.prepare(
      "SELECT min(expires_at_ms) AS earliest FROM items WHERE expires_at_ms IS NOT NULL",
    );
  }

  get(key: string): Item | undefined {
    const row = this.#get.get(key);
    return row && itemOf(row);
  }

  put(item: Item): void {
    this.#put.run(item.key, item.value, item.revision, item.expiresAtMs ?? null);
  }

  delete(key: string): void {
    this.#delete.run(key);
  }

  range(prefix: string, nowMs: number, options: RangeOptions): Item[] {
    const { after = prefix, limit = -1 } = options;
    const start = compareKeys(after, prefix) > 0 ? after : prefix;
    return this.#range.all(start, endOfRange(prefix), nowMs, limit).map(itemOf);
  }

  removeRange(prefix: string): string[] {
    return keysOf(this.#removeRange.all(prefix, endOfRange(prefix)));
  }

  removeExpired(nowMs: number): string[] {
    return keysOf(this.#removeExpired.all(nowMs));
  }

  earliestExpiryMs(): number | undefined {
    const earliest = this.#earliestExpiry.get()?.earliest;
    return typeof earliest === "number" ? earliest : undefined;
  }

  transaction(write: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      write();
      this.#database.exec("COMMIT");
    } catch (error) {
      // A full disk may have made SQLite roll back by itself.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    try {
      this.#database.close();
    } finally {
      this.#dataDir[Symbol.dispose]();
    }
  }
}

type Row = Record<string, unknown>;

function itemOf(row: Row): Item {
  const item: Item = {
    key: row.key as string,
    value: row.value as Uint8Array,
    revision: row.revision as string,
  };
  if (row.expires_at_ms !== null) item.expiresAtMs = row.expires_at_ms as number;
  return item;
}

/** SQLite returns deleted rows in no particular order. */
function keysOf(rows: Row[]): string[] {
  return rows.map((row) => row.key as string).sort(compareKeys);
}
