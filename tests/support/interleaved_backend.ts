/**
 * A store in which something happens between one caller's reading and writing: for the races that chance does not bring.
 *
 * @module
 */

import type { Backend } from "../../lib/backend/mod.ts";

/** A store over `inner` that, when told to, does something right before an atomic write. */
export class InterleavedBackend implements Backend {
  readonly #inner: Backend;
  #before: (() => Promise<unknown>) | undefined;

  constructor(inner: Backend) {
    this.#inner = inner;
  }

  /** Does `work` right before the next atomic write. */
  beforeNextAtomicWrite(work: () => Promise<unknown>): void {
    this.#before = work;
  }

  async atomicWrite(
    ...args: Parameters<Backend["atomicWrite"]>
  ): ReturnType<Backend["atomicWrite"]> {
    const before = this.#before;
    this.#before = undefined;
    await before?.();
    return await this.#inner.atomicWrite(...args);
  }

  get: Backend["get"] = (key) => this.#inner.get(key);
  put: Backend["put"] = (item) => this.#inner.put(item);
  create: Backend["create"] = (item) => this.#inner.create(item);
  compareAndSwap: Backend["compareAndSwap"] = (revision, item) =>
    this.#inner.compareAndSwap(revision, item);
  delete: Backend["delete"] = (key) => this.#inner.delete(key);
  compareAndDelete: Backend["compareAndDelete"] = (revision, key) =>
    this.#inner.compareAndDelete(revision, key);
  range: Backend["range"] = (prefix, options) => this.#inner.range(prefix, options);
  deleteRange: Backend["deleteRange"] = (prefix) => this.#inner.deleteRange(prefix);
  watch: Backend["watch"] = (keys) => this.#inner.watch(keys);
  close: Backend["close"] = () => this.#inner.close();

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inner.close();
  }
}
