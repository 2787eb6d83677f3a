/**
 * HTTPS as the client speaks it to a proxy's web API: JSON both ways, bodies bounded, a connection for each call.
 *
 * node:https rather than fetch, because Teleport's self-signed certificate is a certificate authority's, which Deno's
 * fetch refuses even when it is trusted. No connection is kept, because Deno 2.9 sends a request that was destroyed on a
 * kept connection once more over a new one: a login that was withdrawn would come back.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import type { TLSSocket } from "node:tls";
import { ToolError } from "../errors/mod.ts";
import { MAX_ANSWER_LENGTH } from "../wire/web_api/body.ts";
import { joinHostPort } from "./address.ts";
import { type Endpoint, networkError } from "./network_error.ts";
import type { Trust } from "./trust.ts";

/** How often the system asks a silent peer whether it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Bytes of a whole exchange, with headers, interim answers and what the body is wrapped in, which no other limit counts:
 * twice as many as the largest body.
 */
const MAX_EXCHANGE_BYTES = 2 * MAX_ANSWER_LENGTH;

/** Interim answers (RFC 9110 §15.2) before the answer. Proxies of Teleport send none. */
const MAX_INTERIM_ANSWERS = 20;

/** An answer of the web API. */
export interface WebAnswer {
  /** HTTP status. */
  status: number;
  /** The body; what is not UTF-8 in it is replaced. */
  text: string;
  /** The peer's clock as the Date header has it, in milliseconds since the epoch. */
  dateMs: number | undefined;
  /** Seconds after which to try again, from the Retry-After header. */
  retryAfterSeconds: number | undefined;
}

/** A call of the web API. */
export interface WebCall {
  /** HTTP method. */
  method: "GET" | "POST";
  /** Path with its leading slash. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Longest time until the whole answer is there, in milliseconds. */
  timeoutMs: number;
  /** Ends the call, and with it the connection; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** The web service of one proxy. */
export class WebClient {
  /** Where the proxy is. */
  readonly endpoint: Endpoint;
  /** Whom to believe to be it. */
  readonly trust: Trust;
  readonly #userAgent: string;
  #remoteAddress: string | undefined;

  /** A client of the proxy at `endpoint`. Nothing is sent yet. */
  constructor(endpoint: Endpoint, trust: Trust, options: { userAgent: string }) {
    this.endpoint = endpoint;
    this.trust = trust;
    this.#userAgent = options.userAgent;
  }

  /** Address that the proxy's name stood for, known after the first answer. */
  get remoteAddress(): string | undefined {
    return this.#remoteAddress;
  }

  /**
   * Calls the web API.
   *
   * @returns The answer whatever its status; what the status means depends on the call.
   * @throws {ToolError} `connection` or `trust` when there is no answer, `limit_exceeded` when it is too large.
   */
  async call(call: WebCall): Promise<WebAnswer> {
    call.signal?.throwIfAborted();
    try {
      return await this.#send(call);
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      throw networkError(error, this.endpoint);
    }
  }

  #send(call: WebCall): Promise<WebAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WebAnswer>();
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const request = https.request({
      host: this.endpoint.host,
      port: this.endpoint.port,
      method: call.method,
      path: call.path,
      agent: false,
      headers: {
        "accept": "application/json",
        "user-agent": this.#userAgent,
        ...(body === undefined ? {} : {
          "content-type": "application/json",
          "content-length": String(new TextEncoder().encode(body).length),
        }),
      },
      ...this.trust,
    });
    // A request that is destroyed does not always say so, so the promise is settled here and not by its events.
    const stop = (error: unknown) => {
      reject(error);
      request.destroy();
    };
    const timer = setTimeout(() => stop(timedOut(this.endpoint, call.timeoutMs)), call.timeoutMs);
    const onAbort = () => stop(call.signal!.reason);
    call.signal?.addEventListener("abort", onAbort, { once: true });
    request.on("error", reject);
    let answered = false;
    request.on("close", () => answered || reject(cutOff(this.endpoint)));
    request.on("socket", (socket) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      let bytes = 0;
      socket.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > MAX_EXCHANGE_BYTES) stop(endless());
      });
    });
    let interim = 0;
    request.on("information", () => {
      if (++interim > MAX_INTERIM_ANSWERS) stop(endless());
    });
    request.on("response", (response: IncomingMessage) => {
      answered = true;
      this.#remoteAddress = (response.socket as TLSSocket).remoteAddress;
      readBody(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, text, ...readHeaders(response) }),
        stop,
      );
    });
    request.end(body);
    return promise.finally(() => {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", onAbort);
    });
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER_LENGTH) {
      const most = MAX_ANSWER_LENGTH / 1024 / 1024;
      throw new ToolError("limit_exceeded", `the proxy's answer is larger than ${most} MiB`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function readHeaders(
  { headers }: IncomingMessage,
): Pick<WebAnswer, "dateMs" | "retryAfterSeconds"> {
  const dateMs = Date.parse(headers.date ?? "");
  const seconds = /^\d{1,6}$/.exec(headers["retry-after"] ?? "");
  return {
    dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
    retryAfterSeconds: seconds === null ? undefined : Number(seconds[0]),
  };
}

function timedOut({ host, port }: Endpoint, timeoutMs: number): ToolError {
  return new ToolError(
    "connection",
    `no answer from ${joinHostPort(host, port)} within ${Math.round(timeoutMs / 1000)} s`,
    { hint: "Check this machine's network, and the proxy's address." },
  );
}

function endless(): ToolError {
  return new ToolError("limit_exceeded", "the proxy's answer does not end");
}

function cutOff({ host, port }: Endpoint): ToolError {
  return new ToolError("connection", `${joinHostPort(host, port)} closed the connection`);
}
