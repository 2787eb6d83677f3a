import { getLogger } from "@logtape/logtape";
import type { BackendEvent, Watcher } from "../backend/mod.ts";
import { messageOf } from "../errors/mod.ts";

const log = getLogger(["latchkey", "auth"]);

/** What a {@linkcode KeptWatch} is of. */
export interface KeptWatchOptions {
  /** What is watched, as the log calls it: `nodes`. */
  what: string;
  /** Between attempts to watch again when the watch broke off, in milliseconds. */
  retryMs: number;
  /**
   * Opens the watch, and then reads what it is about, so that nothing between two watches is missed. When reading fails the
   * watch must be closed.
   */
  open: () => Promise<Watcher>;
  /** Takes an event. */
  see: (event: BackendEvent) => void;
}

/** A watch on the backend that is made anew whenever it breaks off: the store went away, or this process was too slow. */
export class KeptWatch implements AsyncDisposable {
  readonly #options: KeptWatchOptions;
  #watcher: Watcher | undefined;
  #running: Promise<void> | undefined;
  #retry: { timer: ReturnType<typeof setTimeout>; resolve: () => void } | undefined;
  #closed = false;

  /** A watch that is off before {@linkcode start}. */
  constructor(options: KeptWatchOptions) {
    this.#options = options;
  }

  /** Resolves when the watch is on. */
  async start(): Promise<void> {
    this.#watcher = await this.#options.open();
    this.#running = this.#run();
  }

  /** Ends the watch; no event comes after that. */
  async close(): Promise<void> {
    this.#closed = true;
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

  async #run(): Promise<void> {
    const { what, open, see } = this.#options;
    while (!this.#closed) {
      try {
        this.#watcher ??= await open();
        // Closed while it was being opened: then nobody has closed this one.
        if (this.#closed) this.#watcher.close();
        for await (const event of this.#watcher) see(event);
      } catch (error) {
        log.warn("watch on {what} broke off: {reason}", { what, reason: messageOf(error) });
      }
      this.#watcher?.close();
      this.#watcher = undefined;
      if (!this.#closed) await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#retry = { timer: setTimeout(resolve, this.#options.retryMs), resolve };
    await promise;
    this.#retry = undefined;
  }
}
