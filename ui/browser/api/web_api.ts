import type {
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
  CredentialCreationResponse,
} from "../../../lib/wire/webauthn.ts";
import type { ApiClient } from "./client.ts";
import type { Fields } from "./fields.ts";
import { hasStatus } from "./problem.ts";
import type { SessionStore } from "./session.ts";

/** Number of the scope in which headless logins are approved (Teleport's `ChallengeScope`). */
const SCOPE_HEADLESS_LOGIN = 3;

/** An invitation as its holder sees it. */
export interface Invitation {
  user: string;
  expiresAtMs: number;
}

/** What an invited person sends to be registered. */
export interface Registration {
  token: string;
  /** Absent for a passwordless registration. */
  password?: string;
  deviceName: string;
  creation: CredentialCreationResponse;
}

/** The web API, a method an endpoint. All throw `ApiProblem`. */
export class WebApi {
  readonly #client: ApiClient;
  readonly #session: SessionStore;

  constructor(client: ApiClient, session: SessionStore) {
    this.#client = client;
    this.#session = session;
  }

  /** Begins a sign-in with name and password. */
  beginLogin(user: string, password: string, signal: AbortSignal): Promise<CredentialAssertion> {
    return this.#assertion("/webapi/mfa/login/begin", { user, pass: password }, signal);
  }

  /** Begins a sign-in by which the key tells who it is. */
  beginPasswordlessLogin(signal: AbortSignal): Promise<CredentialAssertion> {
    return this.#assertion("/webapi/mfa/login/begin", { passwordless: true }, signal);
  }

  /** Ends a sign-in; the session is kept. */
  async finishLogin(user: string | undefined, answer: CredentialAssertionResponse): Promise<void> {
    const body = { user, webauthnAssertionResponse: answer };
    this.#keep(await this.#client.fields("POST", "/webapi/mfa/login/finishsession", { body }));
  }

  /** Looks an invitation up. */
  async invitation(token: string): Promise<Invitation> {
    const path = `/webapi/users/password/token/${encodeURIComponent(token)}`;
    const answer = await this.#client.fields("GET", path);
    return { user: answer.text("user"), expiresAtMs: answer.time("expiry") };
  }

  /** Asks for a challenge for an invited person's new key. */
  async beginRegistration(
    token: string,
    passwordless: boolean,
    signal: AbortSignal,
  ): Promise<CredentialCreation> {
    const answer = await this.#client.fields(
      "POST",
      `/webapi/mfa/token/${encodeURIComponent(token)}/registerchallenge`,
      {
        body: { deviceType: "webauthn", deviceUsage: passwordless ? "passwordless" : "mfa" },
        signal,
      },
    );
    const creation = answer.object("webauthn");
    creation.object("publicKey").text("challenge");
    return answer.raw("webauthn") as CredentialCreation;
  }

  /** Registers an invited person; the session is kept. */
  async finishRegistration(registration: Registration): Promise<void> {
    const { token, password, deviceName, creation } = registration;
    const body = {
      token,
      password: password === undefined ? undefined : base64(password),
      deviceName,
      webauthnCreationResponse: creation,
    };
    this.#keep(await this.#client.fields("PUT", "/webapi/users/password/token", { body }));
  }

  /** Who is signed in, or `undefined` when nobody is. */
  async currentUser(): Promise<{ user: string } | undefined> {
    if (this.#session.load() === undefined) return undefined;
    try {
      const answer = await this.#client.fields("GET", "/webapi/user/status");
      return { user: answer.text("user") };
    } catch (error) {
      if (!hasStatus(error, 401, 403)) throw error;
      this.#session.clear();
      return undefined;
    }
  }

  /** Ends the session, here and on the server. Here even when the server cannot be reached. */
  async signOut(): Promise<void> {
    try {
      await this.#client.call("DELETE", "/webapi/sessions/web");
    } catch (error) {
      if (!hasStatus(error, 401, 403, 404)) throw error;
    }
    this.#session.clear();
  }

  /** A challenge that approves a headless request. */
  approvalChallenge(signal: AbortSignal): Promise<CredentialAssertion> {
    const body = { challenge_scope: SCOPE_HEADLESS_LOGIN };
    return this.#assertion("/webapi/mfa/authenticatechallenge", body, signal);
  }

  /** Opens the stream of a headless request's states. */
  openHeadlessEvents(id: string, signal: AbortSignal): Promise<Response> {
    return this.#client.open("GET", `/webapi/headless/${encodeURIComponent(id)}/events`, {
      signal,
    });
  }

  /** Approves a headless request. */
  async approveHeadless(id: string, answer: CredentialAssertionResponse): Promise<void> {
    await this.#client.call("PUT", `/webapi/headless/${encodeURIComponent(id)}`, {
      body: { action: "accept", webauthnAssertionResponse: answer },
    });
  }

  /** Rejects a headless request. */
  async rejectHeadless(id: string): Promise<void> {
    await this.#client.call("PUT", `/webapi/headless/${encodeURIComponent(id)}`, {
      body: { action: "denied" },
    });
  }

  async #assertion(
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<CredentialAssertion> {
    const answer = await this.#client.fields("POST", path, { body, signal });
    answer.object("webauthn_challenge").object("publicKey").text("challenge");
    return answer.raw("webauthn_challenge") as CredentialAssertion;
  }

  #keep(answer: Fields): void {
    this.#session.save(answer.text("token"), answer.number("expires_in"));
  }
}

/** Base64 of a text's UTF-8. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
