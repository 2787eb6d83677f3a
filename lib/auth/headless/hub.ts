import { getLogger } from "@logtape/logtape";
import type { Backend, BackendEvent, Item, Watcher } from "../../backend/mod.ts";
import { isToolError, messageOf, ToolError } from "../../errors/mod.ts";
import { allHeadlessPrefix, authPreferenceKey } from "../store_keys.ts";

const log = getLogger(["latchkey", "auth", "headless"]);

/** Between attempts to watch again when a watch broke off. */
const RETRY_MS = 200;

/** What the last news of a key was. */
export type News = { item: Item | undefined };

/**
 * One follower of one key. It keeps the latest news only, and one promise while somebody waits; there may be ten thousand
 * of them.
 */
export class Mailbox {
  #news: News | undefined;
  #wake: (() => void) | undefined;

  /** Puts in the newest state of the key. */
  offer(news: News): void {
    this.#news = news;
    this.wake();
  }

  /** Takes the news out; `undefined` when there is none since the last time. */
  take(): News | undefined {
    const news = this.#news;
    this.#news = undefined;
    return news;
  }

  /** Lets who waits look around, news or not. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Resolves at the next news or {@linkcode wake}; at once when there is news. */
  async changed(): Promise<void> {
    if (this.#news !== undefined) return;
    await new Promise<void>((resolve) => this.#wake = resolve);
  }
}

/**
 * Follows all headless requests with a single watch on the backend and hands news to those who wait, by key. When the watch
 * breaks off (the store went away, or this process was too slow) it is made anew, and every follower is told the present state of
 * its key, so nothing is missed.
 */
export class HeadlessHub implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #followers = new Map<string, Set<Mailbox>>();
  readonly #onSettings: () => void;
  #watcher: Watcher | undefined;
  #running: Promise<void> | undefined;
  #retry: { timer: ReturnType<typeof setTimeout>; resolve: () => void } | undefined;
  #closed = false;

  /** `onSettings` is called when the authentication settings may have changed. */
  constructor(backend: Backend, onSettings: () => void) {
    this.#backend = backend;
    this.#onSettings = onSettings;
  }

  /** Resolves when the watch is on. */
  async start(): Promise<void> {
    this.#watcher = await this.#watch();
    this.#running = this.#run();
  }

  /** Throws `connection` when the hub has been closed: nobody would get any news. */
  checkOpen(): void {
    if (this.#closed) throw new ToolError("connection", "the cluster is stopping");
  }

  /** Follows `key` from now on. */
  follow(key: string): Mailbox {
    const mailbox = new Mailbox();
    const mailboxes = this.#followers.get(key);
    if (mailboxes === undefined) this.#followers.set(key, new Set([mailbox]));
    else mailboxes.add(mailbox);
    return mailbox;
  }

  /** Ends following. */
  unfollow(key: string, mailbox: Mailbox): void {
    const mailboxes = this.#followers.get(key);
    if (mailboxes?.delete(mailbox) && mailboxes.size === 0) this.#followers.delete(key);
  }

  /** Reads the present state of `key` into `mailbox`. */
  async refresh(key: string, mailbox: Mailbox): Promise<void> {
    try {
      mailbox.offer({ item: await this.#backend.get(key) });
    } catch (error) {
      if (!isToolError(error, "not_found")) throw error;
      mailbox.offer({ item: undefined });
    }
  }

  /** Ends the watch. Followers get no more news, and are woken to find that out. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const mailboxes of this.#followers.values()) {
      for (const mailbox of mailboxes) mailbox.wake();
    }
    this.#watcher?.close();
    if (this.#retry !== undefined) {
      clearTimeout(this.#retry.timer);
      this.#retry.resolve();
    }
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #watch(): Promise<Watcher> {
    return this.#backend.watch([allHeadlessPrefix, authPreferenceKey]);
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#watcher ??= await this.#rewatch();
        for await (const event of this.#watcher) this.#deliver(event);
      } catch (error) {
        log.warn("watch on headless requests broke off: {reason}", { reason: messageOf(error) });
      }
      this.#watcher?.close();
      this.#watcher = undefined;
      if (!this.#closed) await this.#pause();
    }
  }

  async #rewatch(): Promise<Watcher> {
    const watcher = await this.#watch();
    try {
      for (const [key, mailboxes] of this.#followers) {
        for (const mailbox of mailboxes) await this.refresh(key, mailbox);
      }
      this.#onSettings();
    } catch (error) {
      watcher.close();
      throw error;
    }
    return watcher;
  }

  #deliver(event: BackendEvent): void {
    const key = event.type === "put" ? event.item.key : event.key;
    if (key === authPreferenceKey) return this.#onSettings();
    const item = event.type === "put" ? event.item : undefined;
    for (const mailbox of this.#followers.get(key) ?? []) mailbox.offer({ item });
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#retry = { timer: setTimeout(resolve, RETRY_MS), resolve };
    await promise;
    this.#retry = undefined;
  }
}
