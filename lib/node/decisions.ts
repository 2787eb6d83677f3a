import { getLogger } from "@logtape/logtape";
import type { NodeDirectory } from "./directory.ts";
import type { DecisionRecord } from "./principals/mod.ts";

const log = getLogger(["latchkey", "node"]);

/** Past this the file starts again from nothing. */
const TRUNCATE_BYTES = 256 * 1024;

const WORDS: Partial<Record<DecisionRecord["reason"], string>> = {
  denied: "none of the certificate's roles allows this login here",
  mfa_required: "a session here needs a security key's touch, and the certificate has none",
  unknown_user: "the user has no way in here",
  certificate_from_before_reset: "the certificate was made before the user was reset",
  policy_expired: "this node has not heard from its cluster for too long",
  policy_unusable: "this node's policy cannot be used",
  certificate_refused: "the certificate is refused",
};

/** Brings the helper's decisions, which it can only write to a file, into the log. */
export class DecisionLog {
  readonly #directory: NodeDirectory;
  #offset = 0;
  #reading: Promise<void> = Promise.resolve();

  /** The decisions of a node, from now on. */
  constructor(directory: NodeDirectory) {
    this.#directory = directory;
  }

  /** Forgets what is in the file. */
  async start(): Promise<void> {
    await Deno.truncate(this.#directory.decisions);
    this.#offset = 0;
  }

  /** Logs what is new. Calls wait for one another. */
  look(): Promise<void> {
    return this.#reading = this.#reading.then(() => this.#look()).catch((error) =>
      log.debug("decisions cannot be read: {error}", { error })
    );
  }

  async #look(): Promise<void> {
    const path = this.#directory.decisions;
    const { size } = await Deno.stat(path);
    if (size <= this.#offset) return;
    using file = await Deno.open(path, { read: true });
    await file.seek(this.#offset, Deno.SeekMode.Start);
    const text = await new Response(file.readable).text();
    const end = text.lastIndexOf("\n") + 1;
    this.#offset += new TextEncoder().encode(text.slice(0, end)).length;
    for (const line of text.slice(0, end).split("\n")) if (line !== "") report(line);
    if (this.#offset < TRUNCATE_BYTES) return;
    await Deno.truncate(path);
    this.#offset = 0;
  }
}

function report(line: string): void {
  const { login, user, reason, problem }: DecisionRecord = JSON.parse(line);
  if (reason === "allowed") {
    log.debug("{user} may log in as {login}", { user, login });
    return;
  }
  log.warn("{user} may not log in as {login}: {why}", {
    user: user ?? "somebody",
    login,
    why: [WORDS[reason] ?? reason, ...problem === undefined ? [] : [problem]].join(": "),
    reason,
  });
}
