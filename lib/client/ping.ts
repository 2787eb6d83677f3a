/**
 * Asking a proxy who it is and how it lets people in: `GET /webapi/ping`, or `/webapi/ping/<connector>`.
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";
import { readAnswer, readError } from "../wire/web_api/body.ts";
import { type PingResponse, pingResponseSchema } from "../wire/web_api/ping.ts";
import { joinHostPort, parseHostPort } from "./address.ts";
import type { WebClient } from "./http.ts";
import type { Endpoint } from "./network_error.ts";

/** Longest wait for the answer, in milliseconds. It is a few lines that a proxy has at hand, and a person waits. */
const PING_TIMEOUT_MS = 10_000;

/** What a proxy says of its cluster. */
export interface PingAnswer {
  /** The cluster's name. */
  clusterName: string;
  /** Version of Teleport that it runs, or whose wire it speaks. */
  serverVersion: string;
  /** Empty when the cluster does not say. */
  minClientVersion: string;
  /** `local`, or the kind of single sign-on. */
  authType: string;
  /** The connector that is meant when none is named; `headless` when headless is the cluster's default. */
  connectorName: string;
  /** Whether there is a headless login. */
  allowHeadless: boolean;
  /** Where browsers reach the proxy, as the cluster says; the address that answered when it says nothing. */
  webAddress: Endpoint;
  /** The cluster's clock when it answered, in milliseconds since the epoch. */
  dateMs: number | undefined;
}

/**
 * Pings a proxy.
 *
 * @param connector Name of a connector; checked by the cluster.
 * @throws {ToolError} `connection` when the answer is no Teleport proxy's; `bad_parameter` for a connector that the
 * cluster does not have.
 */
export async function ping(
  web: WebClient,
  options: { connector?: string | undefined; signal?: AbortSignal },
): Promise<PingAnswer> {
  const suffix = options.connector === undefined ? "" : `/${encodeURIComponent(options.connector)}`;
  const answer = await web.call({
    method: "GET",
    path: `/webapi/ping${suffix}`,
    timeoutMs: PING_TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // A connector that the cluster does not have is a bad request; everything else but 200 is some other web server.
  if (answer.status === 400) throw readError(answer.status, answer.text);
  if (answer.status !== 200) throw notTeleport(web.endpoint);
  let said: PingResponse;
  try {
    said = readAnswer(pingResponseSchema, answer.text, "answer to a ping");
  } catch (error) {
    throw notTeleport(web.endpoint, error);
  }
  return {
    clusterName: said.clusterName,
    serverVersion: said.serverVersion,
    minClientVersion: said.minClientVersion ?? "",
    authType: said.auth.type,
    connectorName: said.auth.localName ?? "",
    allowHeadless: said.auth.allowHeadless,
    webAddress: parseHostPort(said.proxy.publicAddr ?? "") ?? web.endpoint,
    dateMs: answer.dateMs,
  };
}

function notTeleport({ host, port }: Endpoint, cause?: unknown): ToolError {
  return new ToolError(
    "connection",
    `cannot understand what https://${joinHostPort(host, port)} answers; is it a Teleport proxy?`,
    { hint: "Check the proxy's address (--proxy or TELEPORT_PROXY).", cause },
  );
}
