import type { Backend, BackendEvent, Item, Watcher } from "../../backend/mod.ts";
import { isToolError, ToolError } from "../../errors/mod.ts";
import { KeptWatch } from "../kept_watch.ts";
import { allHeadlessPrefix, authPreferenceKey } from "../store_keys.ts";

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
  readonly #watch: KeptWatch;
  #closed = false;

  /** `onSettings` is called when the authentication settings may have changed. */
  constructor(backend: Backend, onSettings: () => void) {
    this.#backend = backend;
    this.#onSettings = onSettings;
    this.#watch = new KeptWatch({
      what: "headless requests",
      retryMs: RETRY_MS,
      open: () => this.#open(),
      see: (event) => this.#deliver(event),
    });
  }

  /** Resolves when the watch is on. */
  start(): Promise<void> {
    return this.#watch.start();
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
    await this.#watch.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<Watcher> {
    const watcher = await this.#backend.watch([allHeadlessPrefix, authPreferenceKey]);
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
}
