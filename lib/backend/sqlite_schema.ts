import type { DatabaseSync } from "node:sqlite";
import { ToolError } from "../errors/mod.ts";

/** SQLite's mark for whose database a file is: "LKEY" in ASCII (`PRAGMA application_id`). */
const APPLICATION_ID = 0x4c4b4559;

/** A step from one version of the schema to the next. Never change one that has been released: add another. */
interface Migration {
  name: string;
  sql: string;
}

/** In order; the schema's version is how many of them have run. */
const MIGRATIONS: readonly Migration[] = [
  {
    name: "items",
    sql: `
      CREATE TABLE items (
        key           TEXT PRIMARY KEY,
        value         BLOB NOT NULL,
        revision      TEXT NOT NULL,
        expires_at_ms INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX items_by_expiry ON items (expires_at_ms) WHERE expires_at_ms IS NOT NULL;`,
  },
];

/** The version that this program reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings the schema of `database` (from `file`, for messages) to {@linkcode SCHEMA_VERSION}, all steps in one transaction.
 *
 * @throws {ToolError} `bad_parameter` when the database is another program's, or of a newer version of this one.
 */
export function migrate(database: DatabaseSync, file: string, nowMs: number): void {
  const version = pragma(database, "user_version");
  const applicationId = pragma(database, "application_id");
  const isEmpty = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n === 0;
  if (applicationId !== APPLICATION_ID && !(isEmpty && applicationId === 0 && version === 0)) {
    throw new ToolError("bad_parameter", `${file} is a database, but not one of latchkey`, {
      hint: "Choose another data directory.",
    });
  }
  if (version > SCHEMA_VERSION) {
    throw new ToolError(
      "bad_parameter",
      `${file} was written by a newer version of latchkey: its schema version is ${version}, ` +
        `this program knows versions up to ${SCHEMA_VERSION}`,
      { hint: "Use the newer version of latchkey, or another data directory." },
    );
  }
  if (version === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec(`
      PRAGMA application_id = ${APPLICATION_ID};
      CREATE TABLE IF NOT EXISTS migrations (
        version       INTEGER PRIMARY KEY,
        name          TEXT NOT NULL,
        applied_at_ms INTEGER NOT NULL
      ) STRICT;`);
    const record = database.prepare("INSERT INTO migrations VALUES (?, ?, ?)");
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      database.exec(migration.sql);
      record.run(index + 1, migration.name, nowMs);
    }
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function pragma(database: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
