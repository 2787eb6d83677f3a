/** Counts what is under way, so that the end can wait for it. */
export class InFlight {
  #count = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Counts `work` until it has ended. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      if (--this.#count === 0) this.#idle?.resolve();
    }
  }

  /** Resolves when nothing is under way, or after `timeoutMs`. Tells how much still is. */
  async wait(timeoutMs: number): Promise<number> {
    if (this.#count === 0) return 0;
    this.#idle = Promise.withResolvers<void>();
    const timeout = setTimeout(this.#idle.resolve, timeoutMs);
    await this.#idle.promise;
    clearTimeout(timeout);
    return this.#count;
  }
}
