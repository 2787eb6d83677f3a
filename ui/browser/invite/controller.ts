import { hasStatus } from "../api/problem.ts";
import type { WebApi } from "../api/web_api.ts";
import { Store } from "../core/store.ts";
import type { Clock } from "../platform.ts";
import type { SecurityKey } from "../security_key.ts";
import { apiErrorWords } from "../words/api_words.ts";
import { keyErrorWords } from "../words/key_words.ts";
import type { Words } from "../words/words.ts";
import type { CredentialCreationResponse } from "../../../lib/wire/webauthn.ts";
import { INITIAL, type InviteEvent, type InviteState, step } from "./machine.ts";

const NOT_ACCEPTED: Words = {
  said: "The cluster does not accept this key.",
  next: "Use another key, or ask your administrator which ones are allowed.",
};

/** What the controller needs from outside. */
export interface InviteDeps {
  api: WebApi;
  key: SecurityKey;
  clock: Clock;
  token: string;
}

/** Runs the invitation page. */
export class InviteController {
  readonly store: Store<InviteState, InviteEvent> = new Store<InviteState, InviteEvent>(
    INITIAL,
    step,
  );
  readonly #deps: InviteDeps;
  #ceremony: AbortController | undefined;

  constructor(deps: InviteDeps) {
    this.#deps = deps;
  }

  /** Whether keys can be used here. */
  get keySupported(): boolean {
    return this.#deps.key.supported();
  }

  /** Looks the invitation up. */
  async load(): Promise<void> {
    const { api, clock, token } = this.#deps;
    this.store.send({ type: "retry" });
    try {
      const invitation = await api.invitation(token);
      this.store.send({ type: "invited", ...invitation, nowMs: clock.now() });
    } catch (error) {
      if (isGone(error)) this.store.send({ type: "gone" });
      else this.store.send({ type: "refused", problem: apiErrorWords(error) });
    }
  }

  /** Brings the time left up to date. */
  tick(): void {
    this.store.send({ type: "tick", nowMs: this.#deps.clock.now() });
  }

  /** Chooses how to sign in from now on. */
  choose(passwordless: boolean): void {
    this.store.send({ type: "choose", passwordless });
  }

  /** Registers the key, and the password unless passwordless was chosen. */
  async register(password: string, deviceName: string): Promise<void> {
    const { api, key, token } = this.#deps;
    this.store.send({ type: "register" });
    const state = this.store.state;
    if (state.screen !== "form" || state.step !== "preparing") return;
    const { passwordless } = state;
    const ceremony = new AbortController();
    this.#ceremony = ceremony;
    const { signal } = ceremony;
    try {
      const challenge = await api.beginRegistration(token, passwordless, signal);
      signal.throwIfAborted();
      this.store.send({ type: "touch" });
      let creation: CredentialCreationResponse;
      try {
        creation = await key.register(challenge, { signal });
      } catch (error) {
        if (!signal.aborted) {
          this.store.send({ type: "failed", problem: keyErrorWords(error, "register") });
        }
        return;
      }
      signal.throwIfAborted();
      this.store.send({ type: "signed" });
      await api.finishRegistration({
        token,
        password: passwordless ? undefined : password,
        deviceName,
        creation,
      });
      this.store.send({ type: "done", choices: { passwordless, deviceName } });
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) this.store.send({ type: "gone" });
      else {
        const problem = apiErrorWords(error, { refused: NOT_ACCEPTED });
        this.store.send({ type: "failed", problem });
      }
    }
  }

  /** Stops waiting for the key. */
  stop(): void {
    this.#ceremony?.abort();
    this.store.send({ type: "stopped" });
  }
}

function isGone(error: unknown): boolean {
  return hasStatus(error, 404, 410);
}
