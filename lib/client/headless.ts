/**
 * Headless login, the waiting side:
 *
 *  1. a key pair is made, and with it the request's id (a hash of the public key);
 *  2. the person is shown the id;
 *  3. `POST /webapi/headless/login` with the public key blocks until a person answers, at most 180 s. A cluster that does
 *     not know that path answers 404, and the older `POST /webapi/ssh/certs` is used;
 *  4. the certificates that come are for exactly that key, and last a minute.
 *
 * The connection is the request: when it ends, the cluster withdraws the request.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { type KeyMemory, SessionKey } from "../keys/mod.ts";
import { headlessId } from "../wire/mod.ts";
import { readAnswer, readError } from "../wire/web_api/body.ts";
import { type LoginCertificates, loginCertificatesSchema } from "../wire/web_api/certificates.ts";
import {
  HEADLESS_LOGIN_PATH,
  headlessLoginBody,
  SSH_CERTS_PATH,
  sshCertsBody,
} from "../wire/web_api/headless.ts";
import { checkValidNow } from "./clock.ts";
import type { WebAnswer, WebClient } from "./http.ts";

/** How long a request waits for a person, in milliseconds. */
export const HEADLESS_WAIT_MS = 180_000;

/** How much longer the cluster's own answer to that is waited for, in milliseconds. */
const GRACE_MS = 5000;

/** What is asked for as lifetime when nobody says otherwise, as tsh does; clusters give a minute all the same. */
const DEFAULT_TTL_MS = 12 * 3600 * 1000;

/** A request that is about to be made. The private key is in this process's memory and nowhere else. */
export interface HeadlessRequest {
  /** Its id, which follows from the public key. */
  readonly id: string;
  /** The key pair that is to be certified. */
  readonly keys: SessionKey;
}

/** What a login yields. Secrets: never to be logged or written. */
export interface Credentials extends LoginCertificates {
  /** The key pair that the certificates are for. */
  keys: SessionKey;
}

/**
 * Makes the key pair, and the id that belongs to it.
 *
 * @param memory Where the private key is to lie.
 */
export function newHeadlessRequest(memory?: KeyMemory): HeadlessRequest {
  const keys = new SessionKey(memory);
  return { id: headlessId(keys.sshPublicKey), keys };
}

/**
 * Sends the request and waits for a person's answer.
 *
 * @param options.signal Withdraws the request.
 * @throws {ToolError} `rejected`, `expired`, `limit_exceeded`, `connection`, or the signal's reason.
 */
export async function headlessLogin(
  web: WebClient,
  request: HeadlessRequest,
  options: {
    user: string;
    ttlMs?: number | undefined;
    routeToCluster?: string | undefined;
    signal: AbortSignal;
  },
  deps: Pick<Deps, "clock">,
): Promise<Credentials> {
  const { user, signal } = options;
  const wish = {
    user,
    id: request.id,
    sshPublicKey: request.keys.sshPublicKey,
    tlsPublicKeyPem: request.keys.publicKeyPem,
    ttlMs: options.ttlMs ?? DEFAULT_TTL_MS,
    ...(options.routeToCluster === undefined ? {} : { routeToCluster: options.routeToCluster }),
  };
  let answer = await post(web, HEADLESS_LOGIN_PATH, headlessLoginBody(wish), signal, deps);
  if (answer.status === 404) {
    answer = await post(web, SSH_CERTS_PATH, sshCertsBody(wish), signal, deps);
  }
  if (answer.status !== 200) throw refusal(answer, user);
  const certificates = readAnswer(loginCertificatesSchema, answer.text, "answer to the login");
  checkCertificate(certificates, request.keys, deps);
  return { ...certificates, keys: request.keys };
}

async function post(
  web: WebClient,
  path: string,
  body: unknown,
  signal: AbortSignal,
  deps: Pick<Deps, "clock">,
): Promise<WebAnswer> {
  const began = deps.clock.monotonic();
  try {
    const timeoutMs = HEADLESS_WAIT_MS + GRACE_MS;
    return await web.call({ method: "POST", path, body, timeoutMs, signal });
  } catch (error) {
    if (!(error instanceof ToolError) || error.code !== "connection") throw error;
    if (deps.clock.monotonic() - began >= HEADLESS_WAIT_MS) throw expired(error);
    throw new ToolError(
      "connection",
      `the cluster went away while the request waited: ${error.message}`,
      {
        cause: error,
        hint: "Run the command again. The old request can no longer be approved.",
      },
    );
  }
}

/** What a status that is no success means. */
function refusal(answer: WebAnswer, user: string): ToolError {
  const said = readError(answer.status, answer.text);
  if (said.code === "expired" || /deadline exceeded/i.test(said.message)) return expired(said);
  switch (said.code) {
    case "access_denied":
      return new ToolError("rejected", "the headless login was rejected", {
        cause: said,
        hint: `If nobody rejected it, the cluster did: check the name of the user (${user}), ` +
          "and that this user exists, is not locked and may use headless login.",
      });
    case "not_found":
      return new ToolError("not_implemented", "the cluster has no headless login", { cause: said });
    case "limit_exceeded":
      return new ToolError("limit_exceeded", said.message, {
        cause: said,
        hint:
          "Too many requests are waiting, or came in a short time. Answer the waiting ones, or try later.",
        ...(answer.retryAfterSeconds === undefined
          ? {}
          : { retryAfterSeconds: answer.retryAfterSeconds }),
      });
    default:
      return said;
  }
}

function expired(cause: ToolError): ToolError {
  return new ToolError(
    "expired",
    `nobody approved the headless login within ${HEADLESS_WAIT_MS / 60_000} minutes`,
    { cause, hint: "Run the command again, and approve it at the address that it prints." },
  );
}

/** The certificate must be for our key, and valid now. */
function checkCertificate(
  { tlsCertificate }: LoginCertificates,
  keys: SessionKey,
  deps: Pick<Deps, "clock">,
): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(tlsCertificate);
  } catch (error) {
    throw new ToolError("bad_parameter", "the cluster's answer holds no certificate", {
      cause: error,
    });
  }
  const publicKey = certificate.publicKey.export({ type: "spki", format: "pem" });
  if (publicKey !== keys.publicKeyPem) {
    throw new ToolError("trust", "the cluster's certificate is for another key than ours");
  }
  const valid = {
    fromMs: Date.parse(certificate.validFrom),
    toMs: Date.parse(certificate.validTo),
  };
  checkValidNow("the certificate that the cluster issued", valid, deps.clock);
}
