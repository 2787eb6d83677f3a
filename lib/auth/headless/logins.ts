/**
 * The waiting command's side of a headless login.
 *
 * 1. The command says who its user is, its key, and an id that must follow from the key.
 * 2. Nothing is stored. The login keeps what it was told and follows the key `/headless/<user>/<id>` of the backend.
 * 3. A stub appears there when the signed-in user looks at the request. The login replaces it by its details, with
 *    compare-and-swap: of two that wait with one id only one succeeds, the other one is refused.
 * 4. The user answers by compare-and-swap on the pending record. The login sees it through the same watch.
 * 5. Approved: the login reads the user and the settings once more and claims the approval in one atomic write, on condition that
 *    record, user and settings are still what it has just read. Then it issues the certificates. There is one claim for each
 *    approval, so there is one certificate.
 * 6. Otherwise the login ends the record (`expired`, `withdrawn`) if it is still pending; whoever swaps first wins.
 *
 * A name that no user has goes the same way and waits as long: nobody can look at it. Where too many wait, one that nobody has
 * looked at may have to make room for another (waiting_room.ts).
 *
 * @module
 */

import type { Item } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import { canonicalKeyLine, headlessId } from "../../wire/mod.ts";
import type { AttemptLimits } from "../attempt_limits.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type { ClientInfo, HeadlessLoginRequest, LoginCertificates } from "../auth.ts";
import type { CertificateIssuer } from "../certificates.ts";
import {
  HEADLESS_CERTIFICATE_TTL_MS,
  HEADLESS_REFUSAL_MS,
  HEADLESS_RETENTION_MS,
  HEADLESS_WAIT_MS,
} from "../limits.ts";
import type { KnownAddresses } from "../known_addresses.ts";
import { lookupName } from "../names.ts";
import { headlessKey } from "../store_keys.ts";
import { claimApproval, type ClaimContext } from "./claim.ts";
import type { Deadlines } from "./deadlines.ts";
import type { HeadlessHub, Mailbox } from "./hub.ts";
import type { RequestRecord } from "./record.ts";
import { type Place, roomIsFull, type WaitingRoom } from "./waiting_room.ts";

/** What the waiting side needs. */
export interface LoginsContext extends ClaimContext {
  hub: HeadlessHub;
  deadlines: Deadlines;
  room: WaitingRoom;
  issuer: CertificateIssuer;
  audit: AuditLog;
  attempts: AttemptLimits;
  knownAddresses: KnownAddresses;
  /** This process, as records name it. */
  owner: RequestRecord["owner"];
  deps: Pick<Deps, "clock" | "random">;
}

/** One command that waits. */
interface Wait {
  request: HeadlessLoginRequest;
  client: ClientInfo;
  signal: AbortSignal;
  key: string;
  mailbox: Mailbox;
  waiter: string;
  createdAtMs: number;
  isDue: boolean;
  isEvicted: boolean;
  place: Place;
  /** The record as this login published it. */
  published?: Item;
}

/** Why a login ends without an answer, and how. */
interface End {
  state: "expired" | "withdrawn";
  error: ToolError;
}

/** Headless logins that wait in this process. */
export class HeadlessLogins {
  readonly #context: LoginsContext;
  readonly #waits = new Set<Wait>();
  #isAllowed = true;
  #closing: PromiseWithResolvers<void> | undefined;

  /** Logins over the context's services. */
  constructor(context: LoginsContext) {
    this.#context = context;
  }

  /** Waits for the answer, at most 180 s, and issues certificates. See the module's comment. */
  async login(
    request: HeadlessLoginRequest,
    client: ClientInfo,
    signal: AbortSignal,
  ): Promise<LoginCertificates> {
    const { attempts, room, settings, deadlines } = this.#context;
    const { address } = client;
    if (this.#closing !== undefined) throw stopping();
    const name = lookupName(request.user);
    const isKnown = await attempts.take(name, address);
    this.#context.issuer.check(request);
    const isRefused = !(await settings.authPreference()).allowHeadless ||
      request.id !== headlessId(request.sshPublicKey);
    const key = headlessKey(name, request.id);
    const place = isRefused ? undefined : room.enter({ key, name, address, isKnown });
    if (place === undefined) {
      await deadlines.sleep(HEADLESS_REFUSAL_MS, signal);
      throw denied();
    }
    try {
      return await this.#wait({ key, place, request, client, signal });
    } finally {
      place.leave();
    }
  }

  /** Says whether headless logins are allowed; when they are not, all that wait are refused. */
  setAllowed(isAllowed: boolean): void {
    this.#isAllowed = isAllowed;
    if (!isAllowed) this.#wakeAll();
  }

  /** Ends all that wait, and resolves when they have ended. */
  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>();
    if (this.#waits.size === 0) this.#closing.resolve();
    this.#wakeAll();
    await this.#closing.promise;
  }

  #wakeAll(): void {
    for (const wait of this.#waits) wait.mailbox.wake();
  }

  async #wait(
    given: Pick<Wait, "key" | "place" | "request" | "client" | "signal">,
  ): Promise<LoginCertificates> {
    const { hub, deadlines, deps } = this.#context;
    const { key, place, signal } = given;
    const mailbox = hub.follow(key);
    const wait: Wait = {
      ...given,
      mailbox,
      waiter: deps.random.uuid(),
      createdAtMs: deps.clock.now(),
      isDue: false,
      isEvicted: false,
    };
    place.onEvicted = () => {
      wait.isEvicted = true;
      mailbox.wake();
    };
    const deadline = deadlines.set(HEADLESS_WAIT_MS, () => {
      wait.isDue = true;
      mailbox.wake();
    });
    const onAbort = () => mailbox.wake();
    signal.addEventListener("abort", onAbort);
    this.#waits.add(wait);
    try {
      await hub.refresh(key, mailbox);
      return await this.#follow(wait);
    } finally {
      this.#waits.delete(wait);
      signal.removeEventListener("abort", onAbort);
      deadline.cancel();
      hub.unfollow(key, mailbox);
      if (this.#waits.size === 0) this.#closing?.resolve();
    }
  }

  async #follow(wait: Wait): Promise<LoginCertificates> {
    for (;;) {
      const news = wait.mailbox.take();
      const end = this.#endOf(wait);
      if (news !== undefined && !(end && wait.published === undefined)) {
        const approved = await this.#look(wait, news.item);
        if (approved !== undefined) return await this.#redeem(wait, approved.item, approved.record);
        continue;
      }
      if (end !== undefined) {
        if (wait.published === undefined) throw end.error;
        if (await this.#end(wait, wait.published, end.state)) {
          this.#recordFailure(wait, end.error.message);
          throw end.error;
        }
        continue;
      }
      await wait.mailbox.changed();
    }
  }

  /** Acts on the state of the record; gives the approval, if it is one. Throws when there can be none. */
  async #look(
    wait: Wait,
    item: Item | undefined,
  ): Promise<{ item: Item; record: RequestRecord } | undefined> {
    const record = item && this.#context.records.decode(item);
    if (wait.published === undefined) {
      if (record === undefined) return undefined;
      // Details that are not this login's: another one waits, or waited, with the same id.
      if (record.state !== "stub") throw denied();
      await this.#publish(wait, item!);
      return undefined;
    }
    if (record === undefined) throw this.#denied(wait, "request was removed");
    // News from before this login published.
    if (record.state === "stub") return undefined;
    if (record.waiter !== wait.waiter) throw this.#denied(wait, "request belongs to another login");
    if (record.state === "approved") return { item: item!, record };
    if (record.state !== "pending") throw this.#denied(wait, `request was ${record.state}`);
    wait.published = item!;
    return undefined;
  }

  /** Replaces the stub by the details, unless somebody else has changed it. */
  async #publish(wait: Wait, stub: Item): Promise<void> {
    const { backend, records, owner, hub, audit } = this.#context;
    const { request, client, createdAtMs } = wait;
    const expiresAtMs = createdAtMs + HEADLESS_WAIT_MS;
    const record: RequestRecord = {
      state: "pending",
      sshPublicKey: canonicalKeyLine(request.sshPublicKey).trimEnd(),
      clientAddress: client.address,
      createdAtMs,
      expiresAtMs,
      claimed: false,
      owner,
      waiter: wait.waiter,
    };
    // Before it is written: what a person is about to see must not lose its place meanwhile.
    wait.place.keep();
    try {
      wait.published = await backend.compareAndSwap(
        stub.revision,
        records.encode(stub.key, record, expiresAtMs + HEADLESS_RETENTION_MS),
      );
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
      return hub.refresh(wait.key, wait.mailbox);
    }
    audit.emit("headlessRequested", {
      user: request.user,
      method: "headless",
      requestId: request.id,
      ...origin(client),
    });
  }

  /** Ends the record if it is still as `from` says; else looks at what it has become. */
  async #end(wait: Wait, from: Item, state: RequestRecord["state"]): Promise<boolean> {
    const { backend, records, hub, deps } = this.#context;
    const record = records.decode(from) as RequestRecord;
    const now = deps.clock.now();
    try {
      await backend.compareAndSwap(
        from.revision,
        records.encode(
          from.key,
          { ...record, state, endedAtMs: now },
          now + HEADLESS_RETENTION_MS,
        ),
      );
      return true;
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
      await hub.refresh(wait.key, wait.mailbox);
      return false;
    }
  }

  /** Claims the approval and issues the certificates. */
  async #redeem(wait: Wait, item: Item, record: RequestRecord): Promise<LoginCertificates> {
    const { request, client, signal } = wait;
    const claim = await claimApproval(this.#context, { item, record, user: request.user, signal });
    if ("refusal" in claim) {
      await this.#end(wait, item, "withdrawn");
      throw signal.aborted ? withdrawn() : this.#denied(wait, claim.refusal);
    }
    const certificates = await this.#context.issuer.issue(claim.user, {
      sshPublicKey: request.sshPublicKey,
      ...(request.tlsPublicKeyPem !== undefined && { tlsPublicKeyPem: request.tlsPublicKeyPem }),
      ttlMs: HEADLESS_CERTIFICATE_TTL_MS,
      loginAddress: client.address,
      ...(record.device && { mfaVerified: record.device.id }),
      requestId: request.id,
    });
    this.#context.audit.emit("loginSucceeded", {
      user: claim.user.name,
      success: true,
      method: "headless",
      requestId: request.id,
      ...origin(client),
    });
    await this.#context.knownAddresses.add(claim.user.name, client.address);
    return certificates;
  }

  #endOf(wait: Wait): End | undefined {
    if (wait.signal.aborted) return { state: "withdrawn", error: withdrawn() };
    if (this.#closing !== undefined) {
      return { state: "withdrawn", error: stopping() };
    }
    if (wait.isEvicted) return { state: "withdrawn", error: roomIsFull() };
    if (!this.#isAllowed) return { state: "withdrawn", error: denied() };
    if (wait.isDue) {
      // The words that Teleport's clients know as "nobody answered".
      return { state: "expired", error: new ToolError("expired", "context deadline exceeded") };
    }
    return undefined;
  }

  /** The one refusal, with the reason for the audit log. */
  #denied(wait: Wait, reason: string): ToolError {
    this.#recordFailure(wait, reason);
    return denied();
  }

  #recordFailure({ request, client }: Wait, error: string): void {
    this.#context.audit.emit("loginFailed", {
      user: request.user,
      success: false,
      method: "headless",
      requestId: request.id,
      error,
      ...origin(client),
    });
  }
}

/** The one answer to a headless login that is refused, whatever the reason; the words are Teleport's. */
function denied(): ToolError {
  return new ToolError("access_denied", "headless authentication failed");
}

function withdrawn(): ToolError {
  return new ToolError("cancelled", "headless login was withdrawn");
}

function stopping(): ToolError {
  return new ToolError("connection", "the cluster is stopping");
}

function origin(client: ClientInfo): { address: string; userAgent?: string } {
  const { address, userAgent } = client;
  return { address, ...(userAgent !== undefined && { userAgent }) };
}
