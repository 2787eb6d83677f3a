/**
 * Finding the proxy that an address means, and hearing what it says of its cluster.
 *
 * @module
 */

import type { Deps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { DEFAULT_PROXY_PORTS, joinHostPort, type ProxyAddress } from "./address.ts";
import { explainUntrusted } from "./certificate.ts";
import { WebClient } from "./http.ts";
import { type Endpoint, isUntrusted, networkError } from "./network_error.ts";
import { ping, type PingAnswer } from "./ping.ts";
import { type Trust, trustFor } from "./trust.ts";

/** A proxy that has answered. */
export interface FoundProxy {
  /** Its web API. */
  web: WebClient;
  /** What it said of its cluster. */
  answer: PingAnswer;
}

/** How to look for a proxy. */
export interface FindOptions {
  /** Connector that is wanted; the cluster's default when absent. */
  connector?: string | undefined;
  /** Believes anyone to be the proxy. */
  insecure: boolean;
  /** What this program calls itself. */
  userAgent: string;
  /** Ends the search. */
  signal: AbortSignal;
  /** Ports to try when the address names none; {@linkcode DEFAULT_PROXY_PORTS} when absent. */
  defaultPorts?: readonly number[];
}

/**
 * Pings the proxy at `address`. Without a port all usual ones are tried at once, and the first that answers as a Teleport
 * proxy is it.
 *
 * @throws {ToolError} `connection` or `trust` when there is none, with the reason for each port.
 */
export async function findProxy(
  address: ProxyAddress,
  options: FindOptions,
  deps: Pick<Deps, "clock" | "env" | "process">,
): Promise<FoundProxy> {
  const trust = await trustFor(address.host, options, deps);
  const ports = address.webPort === undefined
    ? options.defaultPorts ?? DEFAULT_PROXY_PORTS
    : [address.webPort];
  const race = new AbortController();
  const signal = AbortSignal.any([options.signal, race.signal]);
  const attempts = ports.map((port) =>
    tryEndpoint({ host: address.host, port }, trust, { ...options, signal }, deps)
  );
  try {
    return await Promise.any(attempts);
  } catch (error) {
    options.signal.throwIfAborted();
    throw allFailed(address, ports, error instanceof AggregateError ? error.errors : [error]);
  } finally {
    race.abort();
  }
}

async function tryEndpoint(
  endpoint: Endpoint,
  trust: Trust,
  options: FindOptions,
  deps: Pick<Deps, "clock">,
): Promise<FoundProxy> {
  const web = new WebClient(endpoint, trust, options);
  try {
    const answer = await ping(web, options);
    return { web, answer };
  } catch (error) {
    if (error instanceof ToolError && isUntrusted(error.cause)) {
      throw await explainUntrusted(error, endpoint, options.signal, deps.clock);
    }
    throw networkError(error, endpoint);
  }
}

/** One error for all ports: the certificate that is not trusted matters most, as there is somebody who answers. */
function allFailed(
  { host }: ProxyAddress,
  ports: readonly number[],
  errors: readonly unknown[],
): unknown {
  const [first] = errors;
  if (errors.length === 1) return first;
  const untrusted = errors.find((error) => error instanceof ToolError && error.code === "trust");
  if (untrusted !== undefined) return untrusted;
  const tool = errors.filter((error) => error instanceof ToolError);
  const addresses = ports.map((port) => joinHostPort(host, port)).join(" or ");
  const reasons = [...new Set(tool.map((error) => error.message))];
  const hint = tool.find((error) => error.hint !== undefined)?.hint;
  return new ToolError("connection", `no Teleport proxy at ${addresses}: ${reasons.join("; ")}`, {
    cause: first,
    ...(hint === undefined ? {} : { hint }),
  });
}
