/**
 * The one edge at which errors of sockets and TLS become `ToolError`.
 *
 * @module
 */

import { messageOf, ToolError } from "../errors/mod.ts";
import { isLoopback, joinHostPort } from "./address.ts";

/** Codes with which node and OpenSSL say that a certificate chain leads to nobody who is trusted. */
const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "CERT_UNTRUSTED",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "INVALID_PURPOSE",
  "INVALID_CA",
]);

/** What to do about a proxy whose certificate is not trusted. */
export const UNTRUSTED_HINT =
  "If you know that the certificate is self-signed and accept that, use --insecure. " +
  "If the proxy's certificate comes from your own certificate authority, name its certificate in " +
  "SSL_CERT_FILE, or the directory that holds it in SSL_CERT_DIR. " +
  "If neither is so, somebody may be in between: ask the cluster's administrator.";

/** The certificate is on this very machine, only not where it is looked for. */
const LOCAL_HINT =
  "For a cluster on this machine set SSL_CERT_FILE to webproxy_cert.pem in its data directory. ";

/** Whom the connection was to. */
export interface Endpoint {
  /** Name, or address without brackets. */
  host: string;
  /** TCP port. */
  port: number;
}

/** Whether `error` says that the other side's certificate is not trusted. */
export function isUntrusted(error: unknown): boolean {
  const code = codeOf(error);
  return UNTRUSTED_CODES.has(code) || code === "ERR_TLS_CERT_ALTNAME_INVALID";
}

/** What an error of a connection means to a person. */
export function networkError(error: unknown, { host, port }: Endpoint): ToolError {
  if (error instanceof ToolError) return error;
  const where = joinHostPort(host, port);
  const fail = (message: string, hint?: string) =>
    new ToolError("connection", message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return fail(`nothing listens at ${where}: connection refused`, CHECK_ADDRESS);
    case "ENOTFOUND":
      return fail(`no such host: ${host}`, CHECK_ADDRESS);
    case "EAI_AGAIN":
      return fail(`cannot look up ${host}: the name server does not answer`, CHECK_NETWORK);
    case "ETIMEDOUT":
    case "ESOCKETTIMEDOUT":
      return fail(`no answer from ${where}: timed out`, CHECK_NETWORK);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return fail(`cannot reach ${where}: no route`, CHECK_NETWORK);
    case "ECONNRESET":
    case "EPIPE":
    case "ERR_STREAM_PREMATURE_CLOSE":
      return fail(`the connection to ${where} was cut off`, CUT_OFF);
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return new ToolError(
        "trust",
        `the certificate of ${where} is for another name: ${messageOf(error)}`,
        {
          cause: error,
          hint: "Use the name by which the cluster calls its proxy. " + UNTRUSTED_HINT,
        },
      );
  }
  if (UNTRUSTED_CODES.has(code)) {
    return new ToolError(
      "trust",
      `the certificate of ${where} is not trusted: ${messageOf(error)}`,
      { cause: error, hint: isLoopback(host) ? LOCAL_HINT + UNTRUSTED_HINT : UNTRUSTED_HINT },
    );
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    return fail(`${where} does not speak TLS`, CHECK_ADDRESS);
  }
  return fail(`cannot talk to ${where}: ${messageOf(error)}`);
}

const CHECK_ADDRESS = "Check the proxy's address (--proxy or TELEPORT_PROXY).";
const CUT_OFF =
  "Try again. If it happens each time, something on the way ends the connection: a firewall, a load " +
  "balancer, or the proxy itself, whose log then says why.";
const CHECK_NETWORK = "Check this machine's network, and the proxy's address.";

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}
