/**
 * Copies of a secret that a runtime makes: garbage of the JavaScript heap, buffers and stack frames of the libraries
 * underneath. They cannot be prevented from here, but found: this process reads its own memory and locks each page that
 * holds one, for which the usual limit of 8 MiB is plenty.
 *
 * Reading is process_vm_readv(2) on oneself, which answers with an error where memory went away meanwhile, and only of pages
 * that mincore(2) knows to be there.
 *
 * @module
 */

import { openPageCalls, type PageCalls } from "./libc.ts";
import type { SecretPage } from "./secret_page.ts";

const PAGE_BYTES = 4096;
/** Read at once. The buffer holds what the copies hold, so it is locked and wiped too. */
const CHUNK_BYTES = 256 * 1024;
/** Asked about at once with mincore, one byte a page. */
const SPAN_BYTES = 64 * 1024 * 1024;
/** sys/mman.h: PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS. */
const [READ_WRITE, PRIVATE_ANONYMOUS] = [1 | 2, 0x02 | 0x20];
/** asm-generic/mman-common.h. */
const MADV_DONTDUMP = 16;

/** What was found outside the secret page. */
export interface CopiesReport {
  /** Copies found. */
  found: number;
  /** Those of them that lie in pages which are locked now. */
  locked: number;
}

/**
 * Finds copies of what `patterns` hold and locks their pages. For processes that could not be locked as a whole, with the
 * filter of `filter.ts` in place: V8 may want to give these pages back.
 *
 * Takes some 30 ms, so not while a person waits for the next thing to happen.
 *
 * @param patterns Views into `page`, each at least 16 bytes, so that nothing else looks like them.
 * @returns `undefined` where the process cannot read itself.
 */
export function lockCopies(
  page: SecretPage,
  patterns: readonly Uint8Array<ArrayBuffer>[],
): CopiesReport | undefined {
  const libc = page.address === undefined ? undefined : openPageCalls();
  if (libc === undefined) return undefined;
  using scratch = Scratch.allocate(libc);
  if (scratch === undefined) return undefined;
  const own = new Set([page.address!]);
  const lockedPages = new Set<bigint>();
  const report: CopiesReport = { found: 0, locked: 0 };
  for (const { start, end } of residentRanges(libc)) {
    for (const { address, length } of scratch.search(start, end, patterns)) {
      const first = pageOf(address);
      if (own.has(first)) continue;
      report.found++;
      const last = pageOf(address + BigInt(length - 1));
      const size = last - first + BigInt(PAGE_BYTES);
      if (!lockedPages.has(first) || !lockedPages.has(last)) {
        if (libc.mlock(first, size) !== 0) continue;
        libc.madvise(first, size, MADV_DONTDUMP);
        lockedPages.add(first).add(last);
      }
      report.locked++;
    }
  }
  return report;
}

interface Range {
  start: bigint;
  end: bigint;
}

function pageOf(address: bigint): bigint {
  return address - address % BigInt(PAGE_BYTES);
}

/** Runs of pages that are in memory, of mappings that can be written and are this process's own. */
function* residentRanges(libc: PageCalls): Generator<Range> {
  const maps = Deno.readTextFileSync("/proc/self/maps");
  const resident = new Uint8Array(SPAN_BYTES / PAGE_BYTES);
  for (const [, from, to] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw.p /gm)) {
    const mappingEnd = BigInt(`0x${to}`);
    for (let at = BigInt(`0x${from}`); at < mappingEnd; at += BigInt(SPAN_BYTES)) {
      const span = mappingEnd - at < SPAN_BYTES ? mappingEnd - at : BigInt(SPAN_BYTES);
      if (libc.mincore(at, span, resident) !== 0) continue;
      yield* runs(at, resident.subarray(0, Number(span) / PAGE_BYTES));
    }
  }
}

/** Runs of bytes whose lowest bit is set, as pages from `base` on. */
function* runs(base: bigint, resident: Uint8Array): Generator<Range> {
  const address = (index: number) => base + BigInt(index * PAGE_BYTES);
  let from = -1;
  for (let index = 0; index <= resident.length; index++) {
    const isThere = index < resident.length && (resident[index]! & 1) === 1;
    if (isThere && from < 0) from = index;
    if (!isThere && from >= 0) {
      yield { start: address(from), end: address(index) };
      from = -1;
    }
  }
}

/** A locked buffer into which memory is read. */
class Scratch implements Disposable {
  readonly #libc: PageCalls;
  readonly #address: bigint;

  private constructor(libc: PageCalls, address: bigint) {
    this.#libc = libc;
    this.#address = address;
  }

  static allocate(libc: PageCalls): Scratch | undefined {
    const size = BigInt(CHUNK_BYTES);
    const pointer = libc.mmap(null, size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0n);
    const address = Deno.UnsafePointer.value(pointer);
    if (BigInt.asIntN(64, address) === -1n) return undefined;
    if (libc.mlock(address, size) === 0) return new Scratch(libc, address);
    libc.munmap(address, size);
    return undefined;
  }

  /** Where the patterns are between two addresses. Skips itself. */
  *search(
    start: bigint,
    end: bigint,
    patterns: readonly Uint8Array<ArrayBuffer>[],
  ): Generator<{ address: bigint; length: number }> {
    const overlap = BigInt(Math.max(...patterns.map((pattern) => pattern.length)) - 1);
    const step = BigInt(CHUNK_BYTES) - overlap;
    for (let at = start; at < end; at += step) {
      if (at < this.#address + BigInt(CHUNK_BYTES) && at + step > this.#address) continue;
      const wanted = end - at < CHUNK_BYTES ? end - at : BigInt(CHUNK_BYTES);
      const filled = this.#read(at, wanted);
      for (const pattern of patterns) {
        for (const offset of this.#offsets(pattern, filled)) {
          // What begins in the overlap is found again with the next chunk.
          if (offset < step) yield { address: at + offset, length: pattern.length };
        }
      }
    }
  }

  #read(from: bigint, length: bigint): bigint {
    // struct iovec: void *base | size_t length
    const local = new Uint8Array(new BigUint64Array([this.#address, length]).buffer);
    const remote = new Uint8Array(new BigUint64Array([from, length]).buffer);
    const count = this.#libc.process_vm_readv(Deno.pid, local, 1n, remote, 1n, 0n);
    return count < 0n ? 0n : count;
  }

  *#offsets(pattern: Uint8Array<ArrayBuffer>, filled: bigint): Generator<bigint> {
    let at = 0n;
    while (at < filled) {
      const size = BigInt(pattern.length);
      const hit = this.#libc.memmem(this.#address + at, filled - at, pattern, size);
      if (hit === 0n) return;
      at = hit - this.#address;
      yield at++;
    }
  }

  /** Gives the buffer back; the kernel wipes what it gives to others. */
  [Symbol.dispose](): void {
    this.#libc.munmap(this.#address, BigInt(CHUNK_BYTES));
  }
}
