/**
 * What runs as sshd's AuthorizedPrincipalsCommand on a node: it answers with the login if the certificate that was shown may use
 * it here, else with nothing.
 *
 * A door of its own, because it must start fast and needs next to nothing of this program. Run by Deno it may read the
 * policy and append to one file, and do nothing else at all.
 *
 * @module
 */

import type { Deps } from "../../deps/mod.ts";
import { messageOf } from "../../errors/mod.ts";
import { decidePrincipals, type PrincipalsAnswer } from "./decide.ts";

export { decidePrincipals, type PrincipalsAnswer, type PrincipalsQuestion } from "./decide.ts";

/**
 * First word of a command line that makes this program the helper. No person types it; a compiled program has no other way
 * to start one.
 */
export const PRINCIPALS_WORD = "node-principals";

/** The policy, in the node's directory. */
export const POLICY_FILE = "policy.json";
/** What was decided, a JSON object a line, for whoever keeps the log. */
export const DECISIONS_FILE = "decisions.jsonl";

/** Largest policy that is read: some ten thousand users. */
const MAX_POLICY_BYTES = 16 * 1024 * 1024;
/** Where decisions are no longer written down, so that strangers at the door do not fill the disk. */
const MAX_DECISIONS_BYTES = 1024 * 1024;
/** Longest text from outside in a decision. */
const MAX_TEXT_LENGTH = 64;

/** A decision as written down. */
export interface DecisionRecord {
  /** The operating system user that was asked for. */
  login: string;
  /** Who asked, where that is proven. */
  user?: string;
  /** What was decided. */
  reason: PrincipalsAnswer["reason"];
  /** What was wrong, in words. */
  problem?: string;
}

/**
 * Answers sshd.
 *
 * @param args The node's directory, the login (`%u`) and the certificate (`%k`).
 * @returns The exit status.
 */
export async function runAsProgram(
  [directory, login, certificate, ...more]: readonly string[],
  { clock }: Pick<Deps, "clock">,
): Promise<number> {
  if (directory === undefined || login === undefined || certificate === undefined || more.length) {
    await Deno.stderr.write(
      new TextEncoder().encode("this is for sshd alone: a node's configuration calls it\n"),
    );
    return 2;
  }
  let answer: PrincipalsAnswer;
  try {
    const policy = readBounded(`${directory}/${POLICY_FILE}`);
    answer = await decidePrincipals({ login, certificate, policy, nowMs: clock.now() });
  } catch (error) {
    answer = { reason: "policy_unusable", problem: messageOf(error) };
  }
  if (answer.principal !== undefined) {
    await Deno.stdout.write(new TextEncoder().encode(`${answer.principal}\n`));
  }
  writeDown(directory, login, answer);
  return 0;
}

function readBounded(path: string): string {
  using file = Deno.openSync(path, { read: true });
  const { size } = file.statSync();
  if (size > MAX_POLICY_BYTES) throw new Error("the policy is too large");
  return Deno.readTextFileSync(path);
}

/** Written down after the answer: nobody waits for the disk, and a full one locks nobody out. */
function writeDown(directory: string, login: string, { user, reason, problem }: PrincipalsAnswer) {
  const record: DecisionRecord = {
    login: login.slice(0, MAX_TEXT_LENGTH),
    ...(user !== undefined && { user: user.slice(0, MAX_TEXT_LENGTH) }),
    reason,
    ...(problem !== undefined && { problem: problem.slice(0, 4 * MAX_TEXT_LENGTH) }),
  };
  try {
    using file = Deno.openSync(`${directory}/${DECISIONS_FILE}`, { append: true });
    // The place where the file ends is told to whoever may write; its properties are not.
    if (file.seekSync(0, Deno.SeekMode.End) > MAX_DECISIONS_BYTES) return;
    file.writeSync(new TextEncoder().encode(JSON.stringify(record) + "\n"));
  } catch { /* The decision stands without its record. */ }
}
