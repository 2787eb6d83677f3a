import type { Auth, LoginCertificates } from "../../lib/auth/mod.ts";
import { newCommand } from "../support/in_process_cluster.ts";

/** Address of the machine on which tests' commands run. */
export const COMMAND_ADDRESS = "203.0.113.7";

/** A command that waits to be approved. */
export interface WaitingCommand extends AsyncDisposable {
  id: string;
  /** What it gets in the end, as a word: `approved`, or the code of its error. */
  outcome: Promise<string>;
  /** Ctrl-C. */
  stop(): void;
}

/** Runs a command that waits, straight at the auth service, so that it outlives the proxy. */
export function startCommand(auth: Auth, user: string): WaitingCommand {
  const { id, keys } = newCommand(user);
  const interrupt = new AbortController();
  const outcome = auth.headless.login(
    { user, id, sshPublicKey: keys.sshPublicKey },
    { address: COMMAND_ADDRESS },
    interrupt.signal,
  ).then(
    (certificates: LoginCertificates) => certificates.sshCertificate === "" ? "empty" : "approved",
    (error) => String(error.code ?? error),
  );
  return {
    id,
    outcome,
    stop: () => interrupt.abort(),
    async [Symbol.asyncDispose](): Promise<void> {
      interrupt.abort();
      await outcome;
    },
  };
}
