/**
 * What ssh and scp say, for people who do not know how ssh is connected here.
 *
 * @module
 */

import { ToolError, type ToolErrorOptions } from "../errors/mod.ts";
import type { ErrorCode } from "../errors/mod.ts";

/** Exit status of ssh when it is the connection that failed, and not the remote command (ssh(1), EXIT STATUS). */
export const SSH_FAILED = 255;

/** A connection to a node that failed: the exit status is ssh's own, so that rsync, git and scripts know it. */
export class SshError extends ToolError {
  /** For logs. */
  override readonly name: string = "SshError";

  /** Makes an error of the kind `code`. */
  constructor(code: ErrorCode, message: string, options: ToolErrorOptions = {}) {
    super(code, message, options);
  }

  /** As {@linkcode SshError}, from another error. */
  static from(error: ToolError): SshError {
    const { code, message, hint, cause } = error;
    return new SshError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** 255. */
  override get exitCode(): number {
    return SSH_FAILED;
  }
}

/** How ssh writes the other side of a connection that was handed to it: as unknown, or as the path of our socket. */
const NAMELESS = /(?:UNKNOWN|\/\S+\/host\d+) port \d+/g;

/** Lines that say no more than that there was no connection, or that it ended; the reason is known here. */
const NO_CONNECTION = new RegExp(
  "^(?:kex_exchange_identification|ssh_exchange_identification|banner exchange): |" +
    `^Connection (?:closed|reset|timed out)(?: by)? ${NAMELESS.source}$|` +
    `^Connection to ${NAMELESS.source} timed out$`,
);

/** The ProxyCommand ended without having passed a connection. */
const NOT_HANDED_OVER = /^mm_receive_fd: |^proxy dialer did not pass back a connection$/;

const WRONG_HOST_KEY =
  /^No (?:\S+ )?host key is known for (\S+) and you have|^Host key verification failed\.$/;

/** scp says this of every ssh that ended, whatever the reason. */
const SCP_LOST = "scp: Connection closed";

const INVALID_CERTIFICATE = /^Certificate invalid: (.*)$/;

const REFUSED_LOGIN = /^([^\s@]+)@(\S+): Permission denied \([^)]*\)\.$/;

/** Reads what ssh says, line by line. */
export class SshMessages {
  /** Names that ssh was given → what the person typed. */
  readonly #typed: ReadonlyMap<string, string>;
  #certificateProblem: string | undefined;
  #host: string;
  /** What was made of it; the last word counts. */
  trouble: SshError | undefined;

  /**
   * @param hosts Names that ssh was given, and what the person typed for each.
   */
  constructor(hosts: readonly { token: string; typed: string }[]) {
    this.#typed = new Map(hosts.map(({ token, typed }) => [token.toLowerCase(), typed]));
    this.#host = hosts.map(({ typed }) => typed).join(" or ");
  }

  /** Takes a line; what comes back is shown, `undefined` is kept for {@linkcode trouble}. */
  take(said: string): string | undefined {
    const line = said.replace(/^\/\S*\/scp: /, "scp: ");
    if (line === SCP_LOST && this.trouble !== undefined) return undefined;
    const invalid = INVALID_CERTIFICATE.exec(line);
    if (invalid !== null) {
      this.#certificateProblem = invalid[1];
      return undefined;
    }
    const wrongKey = WRONG_HOST_KEY.exec(line);
    if (wrongKey !== null) {
      // Only with several hosts it matters which one it was, and ssh names it as its certificate should.
      const named = this.#typed.size > 1 ? wrongKey[1] : this.#host;
      if (named !== undefined) this.trouble = this.#untrusted(named);
      return undefined;
    }
    const refused = REFUSED_LOGIN.exec(line);
    if (refused !== null) {
      this.trouble = new SshError(
        "access_denied",
        `access denied to ${refused[1]} connecting to ${this.#nameOf(refused[2]!)}`,
      );
      return undefined;
    }
    if (NOT_HANDED_OVER.test(line)) {
      this.trouble ??= new SshError("internal", "ssh could not be handed the connection", {
        hint: "This is a defect. Run the command again with -v and report what it prints.",
      });
      return undefined;
    }
    if (NO_CONNECTION.test(line)) {
      this.trouble ??= new SshError(
        "connection",
        `the SSH server of ${this.#host} ended the connection before it began`,
        { hint: "Perhaps it has just been stopped, or is overloaded. Try again." },
      );
      return undefined;
    }
    return line.replace(NAMELESS, this.#host);
  }

  #nameOf(token: string): string {
    return this.#typed.get(token.toLowerCase()) ?? token;
  }

  #untrusted(host: string): SshError {
    const why = this.#certificateProblem === undefined
      ? "it has no host certificate of the cluster's certificate authority"
      : `its host certificate is not valid for it: ${this.#certificateProblem}`;
    return new SshError("trust", `${host} is not trusted: ${why}`, {
      hint: "Somebody may be in between, or the node has not been set up for this cluster. " +
        "Nothing was sent to it. Ask the cluster's administrator.",
    });
  }
}
