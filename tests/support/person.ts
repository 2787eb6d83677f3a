/**
 * A person with a security key, using a cluster over its web endpoints as their browser would.
 *
 * @module
 */

import type {
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
} from "../../lib/wire/webauthn.ts";
import { SoftwareKey } from "./software_key.ts";

/** An answer of the web API. */
export interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- tests reach into whatever a cluster answers
  body: any;
}

/** One browser: its cookies, its bearer token and a key within reach. */
export class Person implements Disposable {
  readonly #url: string;
  readonly #http: Deno.HttpClient;
  readonly #cookies = new Map<string, string>();
  #bearer: string | undefined;
  /** The key on this person's desk. */
  readonly key: SoftwareKey;

  /** `url` is the proxy's, `certificate` the PEM certificate to trust. */
  constructor(url: string, certificate: string, key: SoftwareKey = new SoftwareKey()) {
    this.#url = url;
    this.#http = Deno.createHttpClient({ caCerts: [certificate] });
    this.key = key;
  }

  /** Calls the web API with cookies, CSRF header, bearer token and Origin. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.open(method, path, body);
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch { /* not JSON */ }
    return { status: response.status, body: parsed };
  }

  /** As {@linkcode call}, giving the response before its body is read. */
  async open(
    method: string,
    path: string,
    body?: unknown,
    options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const headers = new Headers({ Origin: this.#url, ...options.headers });
    if (this.#cookies.size > 0) {
      headers.set(
        "Cookie",
        [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      );
    }
    const csrf = this.#cookies.get("__Host-grv_csrf");
    if (csrf !== undefined) headers.set("X-CSRF-Token", csrf);
    if (this.#bearer !== undefined) headers.set("Authorization", `Bearer ${this.#bearer}`);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const response = await fetch(this.#url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      client: this.#http,
      redirect: "manual",
      signal: options.signal,
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (value === "" || /max-age=0/i.test(cookie)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
    return response;
  }

  async #expect(method: string, path: string, body?: unknown): Promise<Answer["body"]> {
    const answer = await this.call(method, path, body);
    if (answer.status !== 200) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  /** Opens an invitation link, chooses a password and registers the key; signed in afterwards. */
  async acceptInvitation(
    link: string,
    { password = "correct horse battery", deviceName = "desk key", passwordless = false } = {},
  ): Promise<void> {
    const path = new URL(link).pathname;
    const token = path.split("/").at(-1)!;
    await (await this.open("GET", path)).text();
    await this.#expect("GET", `/webapi/users/password/token/${token}`);
    const { webauthn } = await this.#expect(
      "POST",
      `/webapi/mfa/token/${token}/registerchallenge`,
      { deviceType: "webauthn", deviceUsage: passwordless ? "passwordless" : "mfa" },
    ) as { webauthn: CredentialCreation };
    const creation = await this.key.create(webauthn.publicKey, this.#url);
    const session = await this.#expect("PUT", "/webapi/users/password/token", {
      token,
      password: passwordless ? "" : btoa(password),
      webauthnCreationResponse: creation,
      deviceName,
    });
    this.#bearer = session.token;
  }

  /** Signs in with name, password and key. */
  async signIn(user: string, password = "correct horse battery"): Promise<void> {
    await (await this.open("GET", "/web/login")).text();
    const begun = await this.#expect("POST", "/webapi/mfa/login/begin", { user, pass: password });
    await this.#finishSignIn(begun.webauthn_challenge, user);
  }

  /** Signs in with the key alone. */
  async signInPasswordless(): Promise<void> {
    await (await this.open("GET", "/web/login")).text();
    const begun = await this.#expect("POST", "/webapi/mfa/login/begin", { passwordless: true });
    await this.#finishSignIn(begun.webauthn_challenge);
  }

  /** Signs in for a tool: an OpenSSH certificate, good for hours, for the tool's own key. */
  async signInForTool(
    user: string,
    sshPublicKey: string,
    password = "correct horse battery",
  ): Promise<string> {
    const begun = await this.#expect("POST", "/webapi/mfa/login/begin", { user, pass: password });
    const answer = await this.#expect("POST", "/webapi/mfa/login/finish", {
      user,
      webauthn_challenge_response: await this.key.get(
        begun.webauthn_challenge.publicKey,
        this.#url,
      ),
      pub_key: btoa(sshPublicKey),
      ttl: 3_600e9,
    });
    return atob(answer.cert);
  }

  async #finishSignIn(challenge: CredentialAssertion, user?: string): Promise<void> {
    const session = await this.#expect("POST", "/webapi/mfa/login/finishsession", {
      user,
      webauthnAssertionResponse: await this.key.get(challenge.publicKey, this.#url),
    });
    this.#bearer = session.token;
  }

  /** A touch of the key for a fresh challenge; 3 is the scope HEADLESS_LOGIN (teleport.mfa.v1). */
  async touch(scope = 3): Promise<CredentialAssertionResponse> {
    const begun = await this.#expect("POST", "/webapi/mfa/authenticatechallenge", {
      challenge_scope: scope,
    }) as { webauthn_challenge: CredentialAssertion };
    return await this.key.get(begun.webauthn_challenge.publicKey, this.#url);
  }

  /** The request, as the page shows it. */
  headless(id: string): Promise<Answer> {
    return this.call("GET", `/webapi/headless/${id}`);
  }

  /** Looks at the request and approves it with the key, or with the assertion that is handed in. */
  async approve(id: string, assertion?: CredentialAssertionResponse): Promise<Answer> {
    await this.headless(id);
    return await this.call("PUT", `/webapi/headless/${id}`, {
      action: "accept",
      webauthnAssertionResponse: assertion ?? await this.touch(),
    });
  }

  /** Looks at the request and rejects it. */
  async deny(id: string): Promise<Answer> {
    await this.headless(id);
    return await this.call("PUT", `/webapi/headless/${id}`, { action: "denied" });
  }

  /** Closes the browser. */
  [Symbol.dispose](): void {
    this.#http.close();
  }
}
