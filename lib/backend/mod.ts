/**
 * Where the cluster keeps everything: keys and values with expiry, conditional writes and watches, in memory or in SQLite.
 *
 * @module
 */

export * from "./backend.ts";
export { DATABASE_FILE } from "./data_dir.ts";
export { openMemoryBackend } from "./memory.ts";
export { openSqliteBackend } from "./sqlite.ts";
