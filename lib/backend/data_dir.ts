import { messageOf, ToolError } from "../errors/mod.ts";

/** File that holds everything: SQLite adds `-wal` and `-shm` beside it. */
export const DATABASE_FILE = "latchkey.sqlite";
/** File that is locked (by the kernel, so a killed process leaves no lock) and says who holds it. */
export const LOCK_FILE = "lock";

/** What an administrator may have put into a data directory before the first start. */
const ADMINISTRATORS_FILE = /^lost\+found$|\.(?:ya?ml|pem|crt|key|log)$/;

/** A data directory that this process alone uses, until disposed of. */
export interface DataDir extends Disposable {
  /** The directory's path. */
  readonly path: string;
}

/**
 * Makes `path` this process's own data directory: creates it when it is missing, lets no other user read it (mode 0700), and
 * locks it. A directory that holds other things is left as it is.
 *
 * @throws {ToolError} `bad_parameter` when it is not a directory, is another user's, or holds what is not ours;
 * `already_exists` when another process uses it; `access_denied` when it cannot be read or written.
 */
export function claimDataDir(path: string): DataDir {
  try {
    makePrivate(path);
    checkIsOurs(path);
    return lock(path);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(
      error instanceof Deno.errors.PermissionDenied ? "access_denied" : "bad_parameter",
      `cannot use ${path} as data directory: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function makePrivate(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    return;
  }
  if (!info.isDirectory) throw notOurs(path, "it is not a directory");
  const user = Deno.build.os === "windows" ? null : Deno.uid();
  if (user !== null && info.uid !== null && info.uid !== user) {
    throw notOurs(
      path,
      `it belongs to the user with id ${info.uid}, and this process runs as ${user}`,
    );
  }
}

function checkIsOurs(path: string): void {
  const names = Array.from(Deno.readDirSync(path), (entry) => entry.name).sort();
  if (!names.includes(DATABASE_FILE)) {
    const foreign = names.filter((name) => name !== LOCK_FILE && !ADMINISTRATORS_FILE.test(name));
    if (foreign.length > 0) {
      const some = foreign.slice(0, 3).join(", ") + (foreign.length > 3 ? ", …" : "");
      throw notOurs(path, `it has no ${DATABASE_FILE}, but holds ${some}`);
    }
  }
  const mode = Deno.statSync(path).mode;
  if (Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0) {
    Deno.chmodSync(path, 0o700);
  }
}

function lock(path: string): DataDir {
  const file = Deno.openSync(`${path}/${LOCK_FILE}`, {
    read: true,
    write: true,
    create: true,
    mode: 0o600,
  });
  try {
    if (!file.tryLockSync(true)) {
      const holder = Deno.readTextFileSync(`${path}/${LOCK_FILE}`).trim();
      throw new ToolError(
        "already_exists",
        `data directory ${path} is already in use by pid ${holder || "unknown"}`,
        { hint: "Stop that process, or choose another directory with --data-dir." },
      );
    }
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch (error) {
    file.close();
    throw error;
  }
  return { path, [Symbol.dispose]: () => file.close() };
}

function notOurs(path: string, reason: string): ToolError {
  return new ToolError("bad_parameter", `${path} is not a data directory of latchkey: ${reason}`, {
    hint: "Choose an empty directory, or one that does not exist yet.",
  });
}
