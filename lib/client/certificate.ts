/**
 * Looking at certificates to say what is wrong with them.
 *
 * @module
 */

import * as tls from "node:tls";
import type { Clock } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { joinHostPort } from "./address.ts";
import { checkValidNow } from "./clock.ts";
import type { Endpoint } from "./network_error.ts";

/** Longest look at a certificate that is not trusted, in milliseconds. */
const LOOK_TIMEOUT_MS = 5000;

/**
 * Says more of a certificate that is not trusted: Deno gives one error for all reasons, so the certificate is fetched
 * once more, without sending anything, to see whether it is only the clock.
 *
 * @param error What is thrown when there is no more to say.
 */
export async function explainUntrusted(
  error: ToolError,
  { host, port }: Endpoint,
  signal: AbortSignal,
  clock: Pick<Clock, "now">,
): Promise<ToolError> {
  const valid = await peerValidity({ host, port }, signal);
  if (valid === undefined) return error;
  try {
    checkValidNow(`the certificate of ${joinHostPort(host, port)}`, valid, clock);
    return error;
  } catch (found) {
    if (!(found instanceof ToolError)) return error;
    const hint =
      "Either this machine's clock is off, or the cluster's administrator must renew the certificate.";
    return new ToolError("trust", found.message, { cause: error, hint });
  }
}

/** From when to when the certificate that a server presents says it is valid. */
function peerValidity(
  { host, port }: Endpoint,
  signal: AbortSignal,
): Promise<{ fromMs: number; toMs: number } | undefined> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host, port, servername: host, rejectUnauthorized: false });
    const finish = (valid?: { fromMs: number; toMs: number }) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(valid);
    };
    const onAbort = () => finish();
    const timer = setTimeout(finish, LOOK_TIMEOUT_MS);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", () => finish());
    socket.on("secureConnect", () => {
      const { valid_from, valid_to } = socket.getPeerCertificate();
      const [fromMs, toMs] = [Date.parse(valid_from), Date.parse(valid_to)];
      finish(Number.isNaN(fromMs) || Number.isNaN(toMs) ? undefined : { fromMs, toMs });
    });
  });
}
