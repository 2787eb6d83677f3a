import { getLogger } from "@logtape/logtape";
import type { Backend } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, messageOf } from "../../errors/mod.ts";
import { AttemptLimits } from "../attempt_limits.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type {
  Caller,
  ClientInfo,
  Headless,
  HeadlessLoginRequest,
  HeadlessRequest,
  LoginCertificates,
} from "../auth.ts";
import type { Ceremonies } from "../ceremonies.ts";
import type { CertificateIssuer } from "../certificates.ts";
import type { KnownAddresses } from "../known_addresses.ts";
import { type AuthLimits, HEADLESS_RETENTION_MS } from "../limits.ts";
import { RateLimiter } from "../rate_limiter.ts";
import type { Records } from "../records.ts";
import type { SettingsService } from "../settings.ts";
import { allHeadlessPrefix } from "../store_keys.ts";
import type { UserService } from "../users.ts";
import { Deadlines } from "./deadlines.ts";
import { HeadlessHub } from "./hub.ts";
import { HeadlessLogins } from "./logins.ts";
import { type HeadlessRecord, headlessRecords } from "./record.ts";
import { type Answer, HeadlessRequests } from "./requests.ts";
import { WaitingRoom } from "./waiting_room.ts";

const log = getLogger(["latchkey", "auth", "headless"]);

/** What headless logins need. */
export interface HeadlessContext {
  backend: Backend;
  users: UserService;
  settings: SettingsService;
  ceremonies: Ceremonies;
  issuer: CertificateIssuer;
  audit: AuditLog;
  knownAddresses: KnownAddresses;
  limits: AuthLimits;
  /** Stays the same when the process starts again on the same data. */
  hostId: string;
  deps: Pick<Deps, "clock" | "random">;
}

/** Headless logins, both sides, and what they share: one watch, one timer. */
export class HeadlessService implements Headless, AsyncDisposable {
  readonly #backend: Backend;
  readonly #records: Records<HeadlessRecord>;
  readonly #clock: Deps["clock"];
  readonly #owner: { host: string; instance: string };
  readonly #settings: SettingsService;
  readonly #deadlines: Deadlines;
  readonly #hub: HeadlessHub;
  readonly #logins: HeadlessLogins;
  readonly #requests: HeadlessRequests;

  /** Headless logins over the context's services. */
  constructor(context: HeadlessContext) {
    const { backend, limits, ceremonies, knownAddresses, deps } = context;
    this.#backend = backend;
    this.#clock = deps.clock;
    this.#settings = context.settings;
    this.#owner = { host: context.hostId, instance: deps.random.uuid() };
    this.#records = headlessRecords(backend);
    this.#deadlines = new Deadlines(deps.clock);
    this.#hub = new HeadlessHub(backend, () => void this.#readSettings());
    const shared = {
      ...context,
      records: this.#records,
      hub: this.#hub,
      deadlines: this.#deadlines,
    };
    this.#logins = new HeadlessLogins({
      ...shared,
      room: new WaitingRoom(limits),
      attempts: new AttemptLimits({
        perAddress: limits.headlessPerAddress,
        perNameAndAddress: limits.headlessPerNameAndAddress,
        perName: limits.headlessPerName,
      }, { maxEntries: limits.rateLimitEntries, knownAddresses, deps }),
      owner: this.#owner,
    });
    this.#requests = new HeadlessRequests({
      ...shared,
      looksPerUser: new RateLimiter(
        limits.headlessLooksPerUser,
        limits.rateLimitEntries,
        deps.clock,
      ),
      recordsPerUser: limits.headlessRecordsPerUser,
      verify: (user, response) =>
        ceremonies.finishLogin(user, response, { scope: "HEADLESS_LOGIN", allowReuse: "NO" }),
    });
  }

  /** Resolves when requests can be followed. */
  async start(): Promise<void> {
    await this.#hub.start();
    await this.#endOrphans();
    await this.#readSettings();
  }

  login(
    request: HeadlessLoginRequest,
    client: ClientInfo,
    signal: AbortSignal,
  ): Promise<LoginCertificates> {
    return this.#logins.login(request, client, signal);
  }

  get(caller: Caller, id: string, signal?: AbortSignal): Promise<HeadlessRequest> {
    return this.#requests.get(caller, id, signal);
  }

  watch(caller: Caller, id: string, signal: AbortSignal): AsyncIterable<HeadlessRequest> {
    return this.#requests.watch(caller, id, signal);
  }

  update(caller: Caller, id: string, answer: Answer): Promise<void> {
    return this.#requests.answer(caller, id, answer);
  }

  /** Withdraws all that wait here, and stops. */
  async close(): Promise<void> {
    await this.#logins.close();
    await this.#hub.close();
    this.#deadlines[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Ends the requests whose commands waited in an earlier process on this data, which was killed: nobody waits for their answer
   * any more. Those of other hosts are theirs.
   */
  async #endOrphans(): Promise<void> {
    const now = this.#clock.now();
    for (const { item, value } of await this.#records.list(allHeadlessPrefix)) {
      if (value.state !== "pending" && !(value.state === "approved" && !value.claimed)) continue;
      if (value.owner.host !== this.#owner.host) continue;
      const ended = { ...value, state: "withdrawn" as const, endedAtMs: now };
      try {
        await this.#backend.compareAndSwap(
          item.revision,
          this.#records.encode(item.key, ended, now + HEADLESS_RETENTION_MS),
        );
      } catch (error) {
        if (!isToolError(error, "compare_failed")) throw error;
      }
    }
  }

  async #readSettings(): Promise<void> {
    try {
      this.#logins.setAllowed((await this.#settings.authPreference()).allowHeadless);
    } catch (error) {
      log.error("authentication settings cannot be read: {reason}", { reason: messageOf(error) });
    }
  }
}
