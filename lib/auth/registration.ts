import type { Backend } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import type { CredentialCreation, CredentialCreationResponse } from "../wire/webauthn.ts";
import { limitAddress } from "./address.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { ClientInfo, Registration, WebSession } from "./auth.ts";
import type { Ceremonies } from "./ceremonies.ts";
import { Enrolment } from "./enrolment.ts";
import { sessionDenied } from "./errors.ts";
import type { IdentityStore } from "./identity_store.ts";
import type { InvitationService } from "./invitations.ts";
import type { KnownAddresses } from "./known_addresses.ts";
import { isDeviceName } from "./names.ts";
import { checkPassword, type PasswordHasher } from "./passwords.ts";
import type { RateLimiter } from "./rate_limiter.ts";
import type { UserService } from "./users.ts";
import type { WebSessions } from "./web_sessions.ts";

/** What registration needs. */
export interface RegistrationContext {
  backend: Backend;
  invitations: InvitationService;
  identities: IdentityStore;
  ceremonies: Ceremonies;
  users: UserService;
  sessions: WebSessions;
  hasher: PasswordHasher;
  knownAddresses: KnownAddresses;
  perAddress: RateLimiter;
  audit: AuditLog;
  deps: Pick<Deps, "random">;
}

/** How an invited person becomes one who can sign in. */
export class RegistrationService implements Registration {
  readonly #context: RegistrationContext;

  /** Registration over the context's services. */
  constructor(context: RegistrationContext) {
    this.#context = context;
  }

  async invitation(
    token: string,
    client: ClientInfo,
  ): Promise<{ user: string; expiresAtMs: number }> {
    this.#context.perAddress.take(limitAddress(client.address));
    const { user, expiresAtMs } = await this.#context.invitations.require(token);
    return { user: user.value.name, expiresAtMs };
  }

  async challenge(
    token: string,
    { passwordless }: { passwordless: boolean },
    client: ClientInfo,
  ): Promise<CredentialCreation> {
    const { perAddress, invitations, ceremonies, backend, identities } = this.#context;
    perAddress.take(limitAddress(client.address));
    const grant = await invitations.require(token);
    const enrolment = new Enrolment(backend, identities, grant);
    return await ceremonies.beginRegistration(enrolment, grant.user.value.name, passwordless);
  }

  async finish(
    { token, password, deviceName, creationResponse }: {
      token: string;
      password?: string;
      deviceName: string;
      creationResponse: CredentialCreationResponse;
    },
    client: ClientInfo,
  ): Promise<WebSession> {
    const { backend, invitations, identities, ceremonies, users, deps } = this.#context;
    this.#context.perAddress.take(limitAddress(client.address));
    const grant = await invitations.require(token);
    // All that a person can put right is said before the challenge is used up.
    if (password !== undefined) checkPassword(password);
    if (!isDeviceName(deviceName)) {
      throw new ToolError(
        "bad_parameter",
        "device name is malformed: expected 1 to 64 characters, none of them a control character",
      );
    }
    const user = grant.user.value;
    const enrolment = new Enrolment(backend, identities, grant);
    const device = await ceremonies.finishRegistration(enrolment, {
      user: user.name,
      deviceName,
      creationResponse,
      passwordless: password === undefined,
    });
    const hash = password === undefined ? undefined : await this.#context.hasher.hash(password);
    const { conditions, changes } = await enrolment.outcome();
    // A new epoch: whoever was signed in with the old password is not any more.
    const epoch = deps.random.uuid();
    try {
      await backend.atomicWrite([...grant.conditions, ...conditions], [
        ...grant.changes,
        users.encode({ ...user, epoch }),
        ...hash === undefined ? [] : [identities.passwordChange(user.name, hash)],
        ...changes,
      ]);
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
      // Either the invitation is no longer good, which says so,
      await invitations.require(token);
      // or the credential is somebody's already.
      throw new ToolError("already_exists", "this security key is registered already", {
        cause: error,
      });
    }
    this.#record(user.name, device, { client, withPassword: hash !== undefined });
    const registered = await users.find(user.name);
    // Reset, locked or removed in this very moment.
    if (registered?.value.epoch !== epoch || registered.value.locked) throw sessionDenied();
    const session = await this.#context.sessions.begin(registered);
    await this.#context.knownAddresses.add(user.name, client.address);
    return session;
  }

  #record(
    user: string,
    { id, name, kind }: { id: string; name: string; kind: "webauthn" | "u2f" },
    { client, withPassword }: { client: ClientInfo; withPassword: boolean },
  ): void {
    const { audit } = this.#context;
    const about = { user, address: client.address, success: true };
    audit.emit("deviceAdded", { ...about, device: { id, name, kind } });
    if (withPassword) audit.emit("passwordChanged", about);
    audit.emit("loginSucceeded", { ...about, method: "local", device: { id, name, kind } });
  }
}
