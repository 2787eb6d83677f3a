import { hasStatus } from "../api/problem.ts";
import { announce } from "../core/announcer.ts";
import { Store } from "../core/store.ts";
import type { Clock } from "../platform.ts";
import type { SecurityKey } from "../security_key.ts";
import { apiErrorWords } from "../words/api_words.ts";
import { keyErrorWords } from "../words/key_words.ts";
import { spokenTimeLeft } from "../words/time_words.ts";
import type { Words } from "../words/words.ts";
import {
  type Connection,
  type HeadlessEvent,
  type HeadlessState,
  INITIAL,
  step,
} from "./machine.ts";
import type { RequestNews, RequestSource } from "./source.ts";

const NOT_ACCEPTED: Words = {
  said: "The cluster did not accept that key.",
  next: "Use a key that you have registered here, or reject the request.",
};

const WAS_ANSWERED: Words = {
  said: "The request was answered or ended in the meantime.",
  next: "This page shows its outcome in a moment.",
};

/** What the controller needs from outside. */
export interface HeadlessDeps {
  source: RequestSource;
  key: SecurityKey;
  clock: Clock;
  /** Called when the session has ended. */
  signIn: () => void;
}

/** Runs the page: hears of the request, takes the person's wishes, and has the key sign. */
export class HeadlessController {
  readonly store: Store<HeadlessState, HeadlessEvent> = new Store<HeadlessState, HeadlessEvent>(
    INITIAL,
    step,
  );
  readonly #deps: HeadlessDeps;
  /** Aborted when the request's time is over by the server's clock: no more news will come. */
  readonly #over: AbortController = new AbortController();
  readonly #following: AbortSignal;
  /** Server's clock minus this device's. */
  #skewMs = 0;
  #ceremony: AbortController | undefined;

  /** `signal` ends it all. */
  constructor(deps: HeadlessDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#following = AbortSignal.any([signal, this.#over.signal]);
    this.store.subscribe((state) => {
      if (state.screen === "pending") return;
      // Whoever answered: nothing is left to sign.
      this.#ceremony?.abort();
      const expired = state.screen === "answered" && state.request.state === "expired";
      if (expired) this.#over.abort();
    });
  }

  /** Whether keys can be used here. */
  get keySupported(): boolean {
    return this.#deps.key.supported();
  }

  /** Follows the request until there is nothing more to hear. */
  async run(): Promise<void> {
    const ticker = setInterval(() => this.#tick(), 1000);
    try {
      await this.#deps.source.follow((news) => this.#hear(news), this.#following);
    } finally {
      clearInterval(ticker);
    }
  }

  /** Looks again after too many looks. */
  async retry(): Promise<void> {
    this.store.send({ type: "retry" });
    await this.run();
  }

  /** Approves: a fresh challenge, the key's signature, the answer. */
  async approve(): Promise<void> {
    const { source, key } = this.#deps;
    this.store.send({ type: "approve" });
    const state = this.store.state;
    if (state.screen !== "pending" || state.action !== "preparing") return;
    const ceremony = new AbortController();
    this.#ceremony = ceremony;
    try {
      const challenge = await source.challenge(ceremony.signal);
      ceremony.signal.throwIfAborted();
      this.store.send({ type: "touch" });
      const answer = await key.sign(challenge, { signal: ceremony.signal })
        .catch((error) => Promise.reject(new KeyFailure(error)));
      ceremony.signal.throwIfAborted();
      this.store.send({ type: "signed" });
      await source.approve(answer);
      this.store.send({ type: "done", outcome: "approved" });
    } catch (error) {
      if (!ceremony.signal.aborted) await this.#fail(error);
    } finally {
      if (this.#ceremony === ceremony) this.#ceremony = undefined;
    }
  }

  /** Stops waiting for the key. */
  stop(): void {
    this.#ceremony?.abort();
    this.store.send({ type: "stopped" });
  }

  /** Rejects. Needs no key: saying no must be easy. */
  async reject(): Promise<void> {
    const before = this.store.state;
    this.store.send({ type: "reject" });
    if (this.store.state === before) return;
    this.#ceremony?.abort();
    try {
      await this.#deps.source.reject();
      this.store.send({ type: "done", outcome: "denied" });
    } catch (error) {
      await this.#fail(error);
    }
  }

  #hear(news: RequestNews): void {
    if (news.type === "signed_out") return this.#deps.signIn();
    if (news.type === "request") this.#skewMs = news.nowMs - this.#deps.clock.now();
    const before = connectionOf(this.store.state);
    this.store.send(news);
    const after = connectionOf(this.store.state);
    if (before === "live" && after === "lost") announce("Connection lost, trying again.");
    if (before === "lost" && after === "live") announce("The connection is back.");
  }

  #tick(): void {
    const before = this.store.state;
    const nowMs = this.#deps.clock.now() + this.#skewMs;
    this.store.send({ type: "tick", nowMs });
    if (before.screen !== "pending") return;
    const { expiresAtMs } = before.request;
    const spoken = spokenTimeLeft(expiresAtMs - before.nowMs, expiresAtMs - nowMs);
    if (spoken !== undefined) announce(spoken);
  }

  async #fail(error: unknown): Promise<void> {
    if (error instanceof KeyFailure) {
      return this.store.send({ type: "failed", problem: keyErrorWords(error.cause, "sign") });
    }
    if (hasStatus(error, 401, 403)) {
      const signedIn = await this.#deps.source.signedIn().catch(() => true);
      if (!signedIn) return this.#deps.signIn();
    }
    const problem = hasStatus(error, 404, 412)
      ? WAS_ANSWERED
      : apiErrorWords(error, { refused: NOT_ACCEPTED });
    this.store.send({ type: "failed", problem });
  }
}

function connectionOf(state: HeadlessState): Connection | undefined {
  return "connection" in state ? state.connection : undefined;
}

/** Tells the browser's errors from the server's. */
class KeyFailure extends Error {
  constructor(cause: unknown) {
    super("the key failed", { cause });
  }
}
