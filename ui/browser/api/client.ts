import { Fields } from "./fields.ts";
import { ApiProblem } from "./problem.ts";
import type { SessionStore } from "./session.ts";

/** Longest message of a server that is shown, in characters. */
const MAX_MESSAGE_LENGTH = 300;

/** How a call is made. */
export interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
}

/** Calls the web API of the server that sent the page. */
export class ApiClient {
  readonly #session: SessionStore;
  readonly #csrf: () => string;

  constructor(session: SessionStore, csrf: () => string) {
    this.#session = session;
    this.#csrf = csrf;
  }

  /** The answer's JSON. Throws {@linkcode ApiProblem}, or the signal's reason. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<unknown> {
    const response = await this.open(method, path, options);
    try {
      return await response.json();
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw new ApiProblem(0, "the answer broke off", { cause });
    }
  }

  /** As {@linkcode call}, with the fields of an answer that must be an object. */
  async fields(method: string, path: string, options: CallOptions = {}): Promise<Fields> {
    return new Fields(await this.call(method, path, options));
  }

  /** The answer itself, its body not yet read. Throws as {@linkcode call}. */
  async open(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json, text/event-stream" };
    const session = this.#session.load();
    if (session !== undefined) headers.authorization = `Bearer ${session.token}`;
    if (method !== "GET") headers["x-csrf-token"] = this.#csrf();
    if (options.body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
        cache: "no-store",
        credentials: "same-origin",
        redirect: "error",
      });
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw new ApiProblem(0, "no answer", { cause });
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const retryAfter = response.headers.get("retry-after");
  const retryAfterSeconds = retryAfter !== null && /^\d{1,6}$/.test(retryAfter)
    ? Number(retryAfter)
    : undefined;
  let message = "";
  try {
    message = new Fields(await response.json()).object("error").text("message");
  } catch {
    // A proxy in between answered, or the answer broke off: the status has to do.
  }
  return new ApiProblem(response.status, message.slice(0, MAX_MESSAGE_LENGTH), {
    retryAfterSeconds,
  });
}
