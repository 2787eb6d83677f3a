import type { Deps } from "../deps/mod.ts";
import { isToolError } from "../errors/mod.ts";
import { InvalidCredentialsError, type LoginData } from "../webauthn/mod.ts";
import type { CredentialAssertion, CredentialAssertionResponse } from "../wire/webauthn.ts";
import type { AttemptLimits } from "./attempt_limits.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { Caller, ClientInfo, LoginCertificates, SignIn, WebSession } from "./auth.ts";
import { type Ceremonies, isCeremonyError } from "./ceremonies.ts";
import type { CertificateIssuer } from "./certificates.ts";
import { signInDenied } from "./errors.ts";
import type { IdentityStore } from "./identity_store.ts";
import type { KnownAddresses } from "./known_addresses.ts";
import { SESSION_TTL_MS } from "./limits.ts";
import { lookupName } from "./names.ts";
import type { PasswordHasher } from "./passwords.ts";
import type { RateLimiter } from "./rate_limiter.ts";
import type { Found } from "./records.ts";
import type { SettingsService } from "./settings.ts";
import type { UserRecord, UserService } from "./users.ts";
import type { WebSessions } from "./web_sessions.ts";

/** What sign-in needs. */
export interface SignInContext {
  users: UserService;
  identities: IdentityStore;
  ceremonies: Ceremonies;
  sessions: WebSessions;
  issuer: CertificateIssuer;
  settings: SettingsService;
  hasher: PasswordHasher;
  knownAddresses: KnownAddresses;
  attempts: AttemptLimits;
  passwordlessTotal: RateLimiter;
  audit: AuditLog;
  deps: Pick<Deps, "clock">;
}

/** An answer to a challenge, by a named user or (passwordless) by one whom the key names. */
interface SignInAnswer {
  user?: string;
  response: CredentialAssertionResponse;
}

/** Sign-in with password and key, or with a key alone. */
export class SignInService implements SignIn {
  readonly #context: SignInContext;

  /** Sign-in over the context's services. */
  constructor(context: SignInContext) {
    this.#context = context;
  }

  async begin(
    { user, password }: { user: string; password: string },
    client: ClientInfo,
  ): Promise<CredentialAssertion> {
    const { users, identities, ceremonies, settings, hasher } = this.#context;
    const name = lookupName(user);
    const isKnown = await this.#context.attempts.take(name, client.address);
    const [found, hash, { allowLocalAuth }] = await Promise.all([
      users.find(name),
      identities.findPasswordHash(name),
      settings.authPreference(),
    ]);
    const isRight = await hasher.verify(password, hash, { isPreferred: isKnown });
    if (!isRight || found === undefined || found.value.locked || !allowLocalAuth) {
      throw this.#denied(name, client, { method: "local", reason: "password" });
    }
    return await ceremonies.beginLogin(name, { scope: "LOGIN" });
  }

  async beginPasswordless(client: ClientInfo): Promise<CredentialAssertion> {
    this.#context.attempts.takeAddress(client.address);
    this.#context.passwordlessTotal.take("all");
    return await this.#context.ceremonies.beginPasswordless();
  }

  async finish(answer: SignInAnswer, client: ClientInfo): Promise<WebSession> {
    const { user } = await this.#verify(answer, client);
    const session = await this.#context.sessions.begin(user);
    await this.#context.knownAddresses.add(user.value.name, client.address);
    return session;
  }

  async finishWithCertificates(
    request: SignInAnswer & { sshPublicKey: string; tlsPublicKeyPem?: string; ttlMs?: number },
    client: ClientInfo,
  ): Promise<LoginCertificates> {
    const { sshPublicKey, tlsPublicKeyPem, ttlMs = SESSION_TTL_MS } = request;
    const keys = { sshPublicKey, ...(tlsPublicKeyPem !== undefined && { tlsPublicKeyPem }) };
    // Before the challenge is used up: a bad key is not a failed sign-in.
    this.#context.issuer.check(keys);
    const { user } = await this.#verify(request, client);
    const certificates = await this.#context.issuer.issue(user.value, {
      ...keys,
      ttlMs: Math.min(Math.max(ttlMs, 1_000), SESSION_TTL_MS),
      loginAddress: client.address,
    });
    await this.#context.knownAddresses.add(user.value.name, client.address);
    return certificates;
  }

  authenticate(
    session: { sessionId: string; bearerToken: string },
    client: ClientInfo,
  ): Promise<Caller & { kind: "user" }> {
    return this.#context.sessions.authenticate(session, client);
  }

  signOut(session: { sessionId: string }): Promise<void> {
    return this.#context.sessions.end(session);
  }

  /** The user whose answer it is, as stored now. */
  async #verify(
    { user, response }: SignInAnswer,
    client: ClientInfo,
  ): Promise<{ user: Found<UserRecord>; login: LoginData }> {
    const { ceremonies, users, identities, audit, settings } = this.#context;
    const method = user === undefined ? "passwordless" : "local";
    // Not limited by name: without a live challenge, which a right password has earned, nothing can be guessed here.
    this.#context.attempts.takeAddress(client.address);
    let login: LoginData;
    let name = user === undefined ? "" : lookupName(user);
    try {
      login = user === undefined
        ? await ceremonies.finishPasswordless(response)
        : await ceremonies.finishLogin(name, response, { scope: "LOGIN" });
    } catch (error) {
      if (!isCeremonyError(error) || isToolError(error, "limit_exceeded")) throw error;
      throw this.#denied(name, client, { method, reason: "security key", cause: error });
    }
    name = login.user;
    // The user first, then the device: a reset before this shows in the device, one after it changes the user, on whom the
    // session depends.
    const found = await users.find(name);
    const devices = await identities.getMFADevices(name, { withSecrets: false });
    const hasDevice = devices.some((device) => device.id === login.device.id);
    const { allowLocalAuth } = await settings.authPreference();
    if (found === undefined || found.value.locked || !hasDevice || !allowLocalAuth) {
      throw this.#denied(name, client, { method, reason: "locked, reset or removed" });
    }
    const { id, kind } = login.device;
    audit.emit("loginSucceeded", {
      user: name,
      success: true,
      method,
      device: { id, name: login.device.name, kind },
      ...origin(client),
    });
    return { user: found, login };
  }

  #denied(
    user: string,
    client: ClientInfo,
    { method, reason, cause }: { method: string; reason: string; cause?: unknown },
  ): Error {
    const detail = isToolError(cause) ? `${reason}: ${cause.message}` : reason;
    this.#context.audit.emit("loginFailed", {
      user,
      success: false,
      method,
      error: detail,
      ...origin(client),
    });
    // The person holds a key that was good once and never will be: that must be said.
    return cause instanceof InvalidCredentialsError ? cause : signInDenied(cause);
  }
}

function origin({ address, userAgent }: ClientInfo): { address: string; userAgent?: string } {
  return { address, ...(userAgent !== undefined && { userAgent }) };
}
