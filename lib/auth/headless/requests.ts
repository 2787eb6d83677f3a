/**
 * The person's side of a headless login: to look at a request that names one, to follow it, to answer it.
 *
 * Whoever looks puts a stub at `/headless/<own name>/<id>`, which makes the waiting command publish its details. For an id that
 * nobody waits with, and for one that waits for another user, the stub stays what it is, and after a few seconds the
 * answer is the same: not known.
 *
 * @module
 */

import type { Backend, Item } from "../../backend/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import { isToolError, messageOf, ToolError } from "../../errors/mod.ts";
import type { CredentialAssertionResponse } from "../../wire/webauthn.ts";
import type { LoginData } from "../../webauthn/mod.ts";
import { isHeadlessId } from "../../wire/mod.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type { Caller, HeadlessRequest } from "../auth.ts";
import { requireUser } from "../errors.ts";
import { HEADLESS_LOOK_MS, HEADLESS_RETENTION_MS, HEADLESS_STUB_TTL_MS } from "../limits.ts";
import type { RateLimiter } from "../rate_limiter.ts";
import type { Found, Records } from "../records.ts";
import { headlessKey, headlessPrefix } from "../store_keys.ts";
import { Turns } from "../turns.ts";
import type { UserService } from "../users.ts";
import type { Deadlines } from "./deadlines.ts";
import type { HeadlessHub, Mailbox } from "./hub.ts";
import { type HeadlessRecord, isFinal, presentRequest, type RequestRecord } from "./record.ts";

/** What the person's side needs. */
export interface RequestsContext {
  backend: Backend;
  records: Records<HeadlessRecord>;
  users: UserService;
  hub: HeadlessHub;
  deadlines: Deadlines;
  looksPerUser: RateLimiter;
  recordsPerUser: number;
  audit: AuditLog;
  /** Verifies an assertion of scope HEADLESS_LOGIN and uses its challenge up. */
  verify: (user: string, response: CredentialAssertionResponse) => Promise<LoginData>;
  deps: Pick<Deps, "clock">;
}

/** How a request is answered. */
export type Answer =
  | { state: "approved"; response: CredentialAssertionResponse }
  | { state: "denied" };

type Details = Found<RequestRecord>;

/** Headless requests as the users they name see them. */
export class HeadlessRequests {
  readonly #context: RequestsContext;
  /** Counting a user's records and adding one must not be done twice at the same time. */
  readonly #turns = new Turns();

  /** Requests over the context's services. */
  constructor(context: RequestsContext) {
    this.#context = context;
  }

  /** The request. Throws `not_found`, late, for an unknown id and for somebody else's. */
  async get(caller: Caller, id: string, signal?: AbortSignal): Promise<HeadlessRequest> {
    const user = this.#begin(caller, id);
    return await this.#following(user, id, async (mailbox) => {
      const { value } = await this.#details(user, id, mailbox, signal);
      return this.#present(user, id, value);
    });
  }

  /** The request now and at each change of its state, until nothing can change or `signal` aborts. */
  async *watch(caller: Caller, id: string, signal: AbortSignal): AsyncIterable<HeadlessRequest> {
    const user = this.#begin(caller, id);
    const { hub, records, deps } = this.#context;
    const key = headlessKey(user, id);
    const mailbox = hub.follow(key);
    const wake = () => mailbox.wake();
    signal.addEventListener("abort", wake);
    try {
      let { value } = await this.#details(user, id, mailbox, signal);
      let shown: HeadlessRequest["state"] | undefined;
      for (;;) {
        const request = this.#present(user, id, value);
        if (request.state !== shown) yield request;
        shown = request.state;
        if (isFinal(shown) || signal.aborted) return;
        hub.checkOpen();
        const news = mailbox.take() ??
          await this.#news(mailbox, value.expiresAtMs - deps.clock.now());
        if (signal.aborted) return;
        if (news === undefined) continue;
        const record = news.item && records.decode(news.item);
        if (record === undefined) throw unknown();
        if (record.state !== "stub") value = record;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", wake);
      hub.unfollow(key, mailbox);
    }
  }

  /** Answers the request, once. Throws `compare_failed` when it has been answered or has ended. */
  async answer(caller: Caller, id: string, answer: Answer): Promise<void> {
    const user = this.#begin(caller, id);
    const { backend, records, audit, deps } = this.#context;
    const about = { user, requestId: id, address: caller.client.address, method: "headless" };
    const details = await this.#following(
      user,
      id,
      (mailbox) => this.#details(user, id, mailbox),
    );
    const { state } = this.#present(user, id, details.value);
    if (state !== "pending") throw notPending(answer, state);
    let login: LoginData | undefined;
    // Read before the key is looked at: a reset from now on takes the key away, or changes the epoch.
    const epoch = (await this.#context.users.find(user))?.value.epoch;
    if (answer.state === "approved") {
      try {
        login = await this.#context.verify(user, answer.response);
      } catch (error) {
        audit.emit("headlessApprovalFailed", { ...about, success: false, error: messageOf(error) });
        throw error;
      }
    }
    const now = deps.clock.now();
    const device = login && { id: login.device.id, name: login.device.name };
    const record: RequestRecord = {
      ...details.value,
      state: answer.state,
      endedAtMs: now,
      device,
      epoch,
    };
    try {
      await backend.compareAndSwap(
        details.item.revision,
        records.encode(details.item.key, record, now + HEADLESS_RETENTION_MS),
      );
    } catch (error) {
      if (!isToolError(error, "compare_failed")) throw error;
      const current = (await records.find(details.item.key))?.value;
      throw notPending(answer, current === undefined ? "removed" : current.state);
    }
    if (login === undefined) {
      audit.emit("headlessRejected", { ...about, success: false });
    } else {
      const { id, name, kind } = login.device;
      audit.emit("headlessApproved", { ...about, success: true, device: { id, name, kind } });
    }
  }

  /** Who asks. Throws `bad_parameter` for what cannot be an id, `limit_exceeded` when it is asked too often. */
  #begin(caller: Caller, id: string): string {
    const { user } = requireUser(caller);
    this.#context.looksPerUser.take(user);
    if (!isHeadlessId(id)) throw new ToolError("bad_parameter", "headless id is malformed");
    return user;
  }

  #present(user: string, id: string, record: RequestRecord): HeadlessRequest {
    return presentRequest(id, user, record, this.#context.deps.clock.now());
  }

  async #following<T>(
    user: string,
    id: string,
    work: (mailbox: Mailbox) => Promise<T>,
  ): Promise<T> {
    const key = headlessKey(user, id);
    const mailbox = this.#context.hub.follow(key);
    try {
      return await work(mailbox);
    } finally {
      this.#context.hub.unfollow(key, mailbox);
    }
  }

  /** The details, when the waiting command has published them; asks for them if need be. */
  async #details(
    user: string,
    id: string,
    mailbox: Mailbox,
    signal?: AbortSignal,
  ): Promise<Details> {
    const { deadlines, records, hub } = this.#context;
    hub.checkOpen();
    const wake = () => mailbox.wake();
    let isLate = false;
    const deadline = deadlines.set(HEADLESS_LOOK_MS, () => {
      isLate = true;
      mailbox.wake();
    });
    signal?.addEventListener("abort", wake);
    try {
      await this.#ask(user, id, mailbox);
      for (;;) {
        const item = mailbox.take()?.item;
        const value = item && records.decode(item);
        if (value !== undefined && value.state !== "stub") return { item: item!, value };
        if (signal?.aborted) throw new ToolError("cancelled", "no longer asked for");
        hub.checkOpen();
        if (isLate) throw unknown();
        await mailbox.changed();
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      deadline.cancel();
    }
  }

  /** Sees to it that there is a stub, at least, with most of its life before it. */
  async #ask(user: string, id: string, mailbox: Mailbox): Promise<void> {
    const { backend, records, hub, deps } = this.#context;
    const key = headlessKey(user, id);
    const now = deps.clock.now();
    const stub = records.encode(key, { state: "stub" }, now + HEADLESS_STUB_TTL_MS);
    const found = await records.find(key);
    try {
      if (found === undefined) {
        await this.#turns.take(user, async () => {
          await this.#makeRoom(user, now);
          await backend.create(stub);
        });
      } else if (found.value.state === "stub" && isOld(found.item, now)) {
        await backend.compareAndSwap(found.item.revision, stub);
      }
    } catch (error) {
      // Somebody else was faster; what is there now will do.
      if (!isToolError(error, "already_exists") && !isToolError(error, "compare_failed")) {
        throw error;
      }
    }
    await hub.refresh(key, mailbox);
  }

  /** Removes what has ended longest ago when the user has too many records. */
  async #makeRoom(user: string, now: number): Promise<void> {
    const { backend, records, recordsPerUser } = this.#context;
    const all = await records.list(headlessPrefix(user));
    const surplus = all.length + 1 - recordsPerUser;
    if (surplus <= 0) return;
    const old = all.filter(({ value }) => value.state !== "pending" || value.expiresAtMs <= now)
      .sort((a, b) => (a.item.expiresAtMs ?? 0) - (b.item.expiresAtMs ?? 0)).slice(0, surplus);
    if (old.length < surplus) {
      throw new ToolError("limit_exceeded", "too many headless requests are pending", {
        retryAfterSeconds: 60,
      });
    }
    for (const { item } of old) {
      try {
        await backend.compareAndDelete(item.revision, item.key);
      } catch (error) {
        if (!isToolError(error, "compare_failed")) throw error;
      }
    }
  }

  /** The next news, or `undefined` after `withinMs` or a wake-up. */
  async #news(mailbox: Mailbox, withinMs: number): Promise<{ item: Item | undefined } | undefined> {
    // In whole seconds, so that few different delays are in use.
    const delayMs = Math.max(1, Math.ceil(withinMs / 1000)) * 1000;
    const deadline = this.#context.deadlines.set(delayMs, () => mailbox.wake());
    await mailbox.changed();
    deadline.cancel();
    return mailbox.take();
  }
}

function isOld(item: Item, now: number): boolean {
  return (item.expiresAtMs ?? 0) - now < HEADLESS_STUB_TTL_MS / 2;
}

/** The words are Teleport's. */
function unknown(): ToolError {
  return new ToolError("not_found", "requested invalid headless session");
}

function notPending(answer: Answer, state: string): ToolError {
  const verb = answer.state === "approved" ? "approve" : "reject";
  return new ToolError(
    "compare_failed",
    `cannot ${verb} a headless authentication from a non-pending state: ${state}`,
  );
}
