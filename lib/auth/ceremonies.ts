import type { Deps } from "../deps/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";
import {
  type ChallengeExtensions,
  type CounterWentBack,
  type LoginData,
  LoginFlow,
  type MFADevice,
  PasswordlessFlow,
  type RegisterResponse,
  RegistrationFlow,
  type RegistrationIdentity,
} from "../webauthn/mod.ts";
import type {
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
} from "../wire/webauthn.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { IdentityStore } from "./identity_store.ts";
import type { SettingsService } from "./settings.ts";

/** The WebAuthn ceremonies, with the settings of the moment. */
export class Ceremonies {
  readonly #settings: SettingsService;
  readonly #identities: IdentityStore;
  readonly #audit: AuditLog;
  readonly #deps: Pick<Deps, "clock" | "random">;

  /** Ceremonies over `identities`. */
  constructor(
    { settings, identities, audit, deps }: {
      settings: SettingsService;
      identities: IdentityStore;
      audit: AuditLog;
      deps: Pick<Deps, "clock" | "random">;
    },
  ) {
    this.#settings = settings;
    this.#identities = identities;
    this.#audit = audit;
    this.#deps = deps;
  }

  /** A challenge for a known user. */
  async beginLogin(user: string, extensions: ChallengeExtensions): Promise<CredentialAssertion> {
    return await (await this.#login()).begin(user, extensions);
  }

  /** Verifies the answer of a known user. */
  async finishLogin(
    user: string,
    response: CredentialAssertionResponse,
    required: ChallengeExtensions,
  ): Promise<LoginData> {
    return await (await this.#login()).finish(user, response, required);
  }

  /** A challenge for whoever has a discoverable credential. Throws `access_denied` when passwordless logins are off. */
  async beginPasswordless(): Promise<CredentialAssertion> {
    return await (await this.#passwordless()).begin();
  }

  /** Verifies the answer, and finds out whose it is. */
  async finishPasswordless(response: CredentialAssertionResponse): Promise<LoginData> {
    return await (await this.#passwordless()).finish(response);
  }

  /** Asks for a new credential. */
  async beginRegistration(
    identity: RegistrationIdentity,
    user: string,
    passwordless: boolean,
  ): Promise<CredentialCreation> {
    return await (await this.#registration(identity, passwordless)).begin(user, passwordless);
  }

  /** Verifies a new credential. */
  async finishRegistration(
    identity: RegistrationIdentity,
    request: RegisterResponse,
  ): Promise<MFADevice> {
    return await (await this.#registration(identity, request.passwordless)).finish(request);
  }

  async #login(): Promise<LoginFlow> {
    const { webauthn, u2f } = await this.#settings.authPreference();
    return new LoginFlow({
      webauthn,
      ...(u2f && { u2f }),
      identity: this.#identities,
      deps: this.#deps,
      onCounterWentBack: (event) => this.#counterWentBack(event),
    });
  }

  async #passwordless(): Promise<PasswordlessFlow> {
    const { webauthn, allowPasswordless } = await this.#settings.authPreference();
    if (!allowPasswordless) throw passwordlessIsOff();
    return new PasswordlessFlow({
      webauthn,
      identity: this.#identities,
      deps: this.#deps,
      onCounterWentBack: (event) => this.#counterWentBack(event),
    });
  }

  async #registration(
    identity: RegistrationIdentity,
    passwordless: boolean,
  ): Promise<RegistrationFlow> {
    const { webauthn, allowPasswordless } = await this.#settings.authPreference();
    if (passwordless && !allowPasswordless) throw passwordlessIsOff();
    return new RegistrationFlow({ webauthn, identity, deps: this.#deps });
  }

  #counterWentBack({ user, device, stored, received }: CounterWentBack): void {
    const { id, name, kind } = device;
    this.#audit.emit("counterWentBack", {
      user,
      success: true,
      device: { id, name, kind },
      message: `signature counter went back from ${stored} to ${received}`,
    });
  }
}

/** Whether an error of a ceremony is about the answer (and so the person's), not a fault of ours. */
export function isCeremonyError(error: unknown): boolean {
  return isToolError(error) && error.code !== "internal" && error.code !== "connection";
}

function passwordlessIsOff(): ToolError {
  return new ToolError("access_denied", "passwordless logins are disabled by cluster settings");
}
