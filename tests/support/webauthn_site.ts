import type { Clock, Random } from "../../lib/deps/mod.ts";
import {
  type CounterWentBack,
  LoginFlow,
  type LoginIdentity,
  type MFADevice,
  PasswordlessFlow,
  RegistrationFlow,
  type U2FConfig,
  type WebauthnConfig,
} from "../../lib/webauthn/mod.ts";
import { MemoryIdentity } from "./memory_identity.ts";
import type { SoftwareKey, Wrongness } from "./software_key.ts";

/** A clock that stands until it is moved. */
export class StandingClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/** The operating system's randomness. */
export const osRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  uuid: () => crypto.randomUUID(),
};

/** How a site differs from `https://example.com`. */
export interface SiteOptions {
  webauthn?: Partial<WebauthnConfig>;
  u2f?: U2FConfig;
  identity?: MemoryIdentity;
}

/** A relying party in memory: the three flows over one identity, and a clock in the test's hand. */
export class WebauthnSite {
  readonly origin: string;
  readonly clock: StandingClock = new StandingClock();
  readonly identity: MemoryIdentity;
  readonly webauthn: WebauthnConfig;
  readonly login: LoginFlow;
  readonly passwordless: PasswordlessFlow;
  readonly registration: RegistrationFlow;
  /** What the flows reported for the audit log. */
  readonly counterEvents: CounterWentBack[] = [];
  readonly #u2f: U2FConfig | undefined;

  constructor(options: SiteOptions = {}) {
    this.webauthn = { rpId: "example.com", ...options.webauthn };
    this.origin = `https://${this.webauthn.rpId}`;
    this.identity = options.identity ?? new MemoryIdentity();
    this.#u2f = options.u2f;
    this.login = this.loginWith(this.identity);
    const { webauthn, identity, deps } = this;
    const onCounterWentBack = (event: CounterWentBack) => void this.counterEvents.push(event);
    this.passwordless = new PasswordlessFlow({ webauthn, identity, deps, onCounterWentBack });
    this.registration = new RegistrationFlow({ webauthn, identity, deps });
  }

  get deps(): { clock: Clock; random: Random } {
    return { clock: this.clock, random: osRandom };
  }

  /** The login flow over another identity. */
  loginWith(identity: LoginIdentity): LoginFlow {
    return new LoginFlow({
      webauthn: this.webauthn,
      u2f: this.#u2f,
      identity,
      deps: this.deps,
      onCounterWentBack: (event) => void this.counterEvents.push(event),
    });
  }

  /** Registers a key from begin to finish. */
  async register(
    key: SoftwareKey,
    { user = "alice", deviceName = "key", passwordless = false, wrong = {} as Wrongness } = {},
  ): Promise<MFADevice> {
    const { publicKey } = await this.registration.begin(user, passwordless);
    const creationResponse = await key.create(publicKey, this.origin, wrong);
    return await this.registration.finish({ user, deviceName, creationResponse, passwordless });
  }

  /** The user's only device. */
  async onlyDevice(user = "alice"): Promise<MFADevice> {
    const devices = await this.identity.getMFADevices(user);
    if (devices.length !== 1) throw new Error(`${user} has ${devices.length} devices`);
    return devices[0]!;
  }
}
