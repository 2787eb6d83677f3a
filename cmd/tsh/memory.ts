import type { SessionKey } from "../../lib/keys/mod.ts";
import type { Deps } from "../../lib/deps/mod.ts";
import { ToolError } from "../../lib/errors/mod.ts";
import {
  describeLock,
  effectiveMlockMode,
  lockCopies,
  lockMemory,
  type LockReport,
  SecretPage,
} from "../../lib/memory/mod.ts";
import type { SharedFlags } from "./flags.ts";

/** When to look for copies after the login, in milliseconds: TLS makes some when it connects, and the collector moves one. */
const LOOK_AFTER_MS = [250, 1500, 5000];

/** What was done for the memory of this process, and can be done for a key in it. */
export interface KeyMemory {
  /** Where the key is to lie. */
  page: SecretPage;
  /** Locks the copies that the runtime has made of a key, where not everything is locked anyway. Blocks for some 30 ms. */
  lockCopies: (key: SessionKey) => void;
  /** As that, soon after the login; never keeps the process from ending. */
  lockCopiesSoon: (key: SessionKey) => void;
}

/**
 * Locks the process as `--mlock` wants; to be called before there is a key, and before the network is used.
 *
 * @throws {ToolError} With `strict`, when it cannot be locked.
 */
export async function lockForHeadless(
  options: Pick<SharedFlags, "mlock">,
  deps: Pick<Deps, "process" | "terminal">,
  debug: (text: string) => void,
): Promise<KeyMemory> {
  const report = lockMemory(effectiveMlockMode(options.mlock, true));
  debug(describeLock(report));
  if (report.reason !== undefined) {
    const failure = `Failed to lock system memory for headless login: ${report.reason}`;
    const hint = wayOut(report, deps.process.osUser() ?? "<os_username>");
    if (report.mode === "strict") throw new ToolError("internal", failure, { hint });
    await deps.terminal.stderr(`WARN: ${failure}\n${hint}\n`);
  }
  const page = SecretPage.allocate(report.mode);
  if (report.reason === undefined) return { page, lockCopies: () => {}, lockCopiesSoon: () => {} };
  debug(`memory lock: the key's own page is ${page.isLocked ? "locked" : "not locked"}`);
  const lock = (key: SessionKey) => {
    const copies = lockCopies(page, key.patterns);
    if (copies === undefined) return;
    debug(`memory lock: ${copies.locked} of ${copies.found} further copies of the key locked`);
  };
  const lockSoon = (key: SessionKey) => {
    for (const ms of LOOK_AFTER_MS) Deno.unrefTimer(setTimeout(() => lock(key), ms));
  };
  return { page, lockCopies: lock, lockCopiesSoon: lockSoon };
}

/** What the person can do about it, as the guide says. */
function wayOut({ mode, isLimit }: LockReport, user: string): string {
  const allow = isLimit === true
    ? "Allow it with `ulimit -l unlimited`, for which /etc/security/limits.conf may need the line " +
      `\`${user} hard memlock unlimited\``
    : "On machines that others use too, prefer a Linux machine where it can be locked";
  return mode === "strict"
    ? `${allow}; or go on without by --mlock=best_effort.`
    : `${allow}; or do not try, by --mlock=off.`;
}
