import { getLogger } from "@logtape/logtape";

const log = getLogger(["latchkey", "proxy"]);

/** Connections that the system may accept ahead of us, where files are plenty. */
const MOST_BACKLOG = 1024;
/** Share of the files that it may be where they are not. */
const BACKLOG_SHARE = 1 / 8;
/** Files kept back for everything that is no connection: the store, logs, children, DNS. */
const OTHER_FILES = 128;

/** What a listener may count on. */
export interface Room {
  /** Connections at the same time. */
  connections: number;
  /** Connections that wait to be accepted. */
  backlog: number;
}

/**
 * How many connections there may really be.
 *
 * Deno's node:net takes no connection any more, ever, once one has failed for want of a file descriptor (seen with 2.9.6).
 * So strangers must not be able to bring that about: the cap stays below the process's limit on open files, by as many as
 * can be accepted in one go before the first of them is closed again.
 *
 * @param wanted The configured cap.
 */
export async function roomForConnections(wanted: number): Promise<Room> {
  const files = await openFilesLimit();
  if (files === undefined) return { connections: wanted, backlog: MOST_BACKLOG };
  const backlog = Math.max(1, Math.min(MOST_BACKLOG, Math.floor(files * BACKLOG_SHARE)));
  const possible = Math.max(1, files - backlog - OTHER_FILES);
  if (possible >= wanted) return { connections: wanted, backlog };
  log.warn(
    "at most {possible} connections at the same time instead of {wanted}: this process may open {files} files. " +
      "Raise the limit (ulimit -n, LimitNOFILE= of systemd).",
    { possible, wanted, files },
  );
  return { connections: possible, backlog };
}

/** The limit as the kernel tells it; Deno has raised it to the hard one. Known on Linux only. */
async function openFilesLimit(): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const text = await Deno.readTextFile("/proc/self/limits");
    const limit = /^Max open files\s+(\d+)/m.exec(text)?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    // No /proc, as in some containers.
    return undefined;
  }
}
