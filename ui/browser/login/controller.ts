import type {
  CredentialAssertion,
  CredentialAssertionResponse,
} from "../../../lib/wire/webauthn.ts";
import { hasStatus } from "../api/problem.ts";
import type { WebApi } from "../api/web_api.ts";
import { Store } from "../core/store.ts";
import { type Clock, untilVisible } from "../platform.ts";
import type { SecurityKey } from "../security_key.ts";
import { apiErrorWords } from "../words/api_words.ts";
import { keyErrorWords } from "../words/key_words.ts";
import type { Words } from "../words/words.ts";
import { initial, type LoginEvent, type LoginState, type Method, step } from "./machine.ts";

/** The server gives a challenge 5 minutes; the suggestions get a new one before that. */
const AUTOFILL_CHALLENGE_MS = 4 * 60_000;

const WRONG_PASSWORD: Words = {
  said: "Name and password do not match.",
  next:
    "Check both and try again. If you have forgotten the password, ask your administrator to reset it.",
};

const UNKNOWN_KEY: Words = {
  said: "This key is not known here.",
  next:
    "Use a key that you have registered on this cluster, or sign in with your password and key.",
};

/** The form says until when. */
const TOO_MANY: Words = {
  said: "Too many tries.",
  next: "Waiting keeps passwords from being guessed. What you have typed is kept.",
};

/** Where the server does not say how long to wait. */
const DEFAULT_WAIT_SECONDS = 10;

/** What the controller needs from outside. */
export interface LoginDeps {
  api: WebApi;
  key: SecurityKey;
  clock: Clock;
  /** Called when signed in. */
  leave: () => void;
}

/** Runs the sign-in page. */
export class LoginController {
  readonly store: Store<LoginState, LoginEvent>;
  readonly #deps: LoginDeps;
  #ceremony: AbortController | undefined;
  #autofill: AbortController | undefined;

  constructor(deps: LoginDeps) {
    this.#deps = deps;
    this.store = new Store(initial(deps.clock.now()), step);
  }

  /** Whether keys can be used here. */
  get keySupported(): boolean {
    return this.#deps.key.supported();
  }

  /** Leaves at once when somebody is signed in already. */
  async leaveIfSignedIn(): Promise<void> {
    const current = await this.#deps.api.currentUser().catch(() => undefined);
    if (current !== undefined) this.#deps.leave();
  }

  /** Counts the wait after too many tries. */
  tick(): void {
    this.store.send({ type: "tick", nowMs: this.#deps.clock.now() });
  }

  /** Name and password, then the key. */
  async signIn(user: string, password: string): Promise<void> {
    await this.#run(
      "password",
      user,
      (signal) => this.#deps.api.beginLogin(user, password, signal),
    );
  }

  /** The key alone. */
  async signInPasswordless(): Promise<void> {
    const begin = (signal: AbortSignal) => this.#deps.api.beginPasswordlessLogin(signal);
    await this.#run("passwordless", undefined, begin);
  }

  /** Stops waiting for the key. */
  stop(): void {
    this.#ceremony?.abort();
    this.store.send({ type: "stopped" });
  }

  /**
   * Lets the browser offer keys where the name is typed, whenever the form stands there, until `signal` aborts. A
   * failure is silent: nobody asked for anything yet, and the button does the same.
   */
  async offerAutofill(signal: AbortSignal): Promise<void> {
    if (!await this.#deps.key.autofillSupported()) return;
    const offer = (): void => {
      if (this.store.state.step === "form" && this.#autofill === undefined) this.#offer(signal);
    };
    this.store.subscribe(offer);
    offer();
  }

  async #offer(signal: AbortSignal): Promise<void> {
    const { api, key } = this.#deps;
    const offer = new AbortController();
    this.#autofill = offer;
    const either = AbortSignal.any([signal, offer.signal]);
    try {
      while (!either.aborted) {
        const renewed = AbortSignal.any([either, AbortSignal.timeout(AUTOFILL_CHALLENGE_MS)]);
        try {
          const challenge = await api.beginPasswordlessLogin(renewed);
          const answer = await key.sign(challenge, { signal: renewed, autofill: true });
          if (either.aborted || this.store.state.step !== "form") return;
          this.store.send({ type: "signed" });
          return await this.#finish(undefined, answer);
        } catch {
          if (!renewed.aborted) return;
        }
        // A page in the background asks for no more challenges than it needs.
        await untilVisible(either);
      }
    } finally {
      if (this.#autofill === offer) this.#autofill = undefined;
    }
  }

  async #run(
    method: Method,
    user: string | undefined,
    begin: (signal: AbortSignal) => Promise<CredentialAssertion>,
  ): Promise<void> {
    this.tick();
    this.store.send({ type: "begin", method });
    if (this.store.state.step !== "preparing") return;
    this.#autofill?.abort();
    const ceremony = new AbortController();
    this.#ceremony = ceremony;
    try {
      const challenge = await begin(ceremony.signal);
      ceremony.signal.throwIfAborted();
      this.store.send({ type: "touch" });
      const answer = await this.#sign(challenge, ceremony.signal);
      if (answer === undefined) return;
      this.store.send({ type: "signed" });
      await this.#finish(user, answer);
    } catch (error) {
      if (ceremony.signal.aborted) return;
      this.#fail(error, method === "password" ? WRONG_PASSWORD : UNKNOWN_KEY);
    }
  }

  async #sign(
    challenge: CredentialAssertion,
    signal: AbortSignal,
  ): Promise<CredentialAssertionResponse | undefined> {
    try {
      const answer = await this.#deps.key.sign(challenge, { signal });
      return signal.aborted ? undefined : answer;
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = keyErrorWords(error, "sign");
      this.store.send({ type: "failed", problem, nowMs: this.#deps.clock.now() });
      return undefined;
    }
  }

  async #finish(
    user: string | undefined,
    answer: CredentialAssertionResponse,
  ): Promise<void> {
    try {
      await this.#deps.api.finishLogin(user, answer);
    } catch (error) {
      return this.#fail(error, UNKNOWN_KEY);
    }
    this.store.send({ type: "done" });
    this.#deps.leave();
  }

  #fail(error: unknown, refused: Words): void {
    const nowMs = this.#deps.clock.now();
    if (hasStatus(error, 429)) {
      const retryAfterMs = (error.retryAfterSeconds ?? DEFAULT_WAIT_SECONDS) * 1000;
      return this.store.send({ type: "failed", problem: TOO_MANY, retryAfterMs, nowMs });
    }
    // An unknown credential may also be answered as "not found".
    const problem = hasStatus(error, 404) ? refused : apiErrorWords(error, { refused });
    this.store.send({ type: "failed", problem, nowMs });
  }
}
