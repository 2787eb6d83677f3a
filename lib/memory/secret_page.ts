import type { EffectiveMlockMode } from "./mode.ts";
import { openPageCalls, type PageCalls } from "./libc.ts";

/** Bytes of a page; on machines with larger ones the kernel rounds up, and there is one secret page only. */
const PAGE_BYTES = 4096;

/** sys/mman.h: PROT_READ | PROT_WRITE. */
const PROT_READ_WRITE = 1 | 2;
/** sys/mman.h: MAP_PRIVATE | MAP_ANONYMOUS. */
const MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
/** asm-generic/mman-common.h: not in core dumps; zeros in a child that is forked. */
const MADV_DONTDUMP = 16;
/** As above. */
const MADV_WIPEONFORK = 18;

/**
 * A page for secrets: of its own, so that no allocator or garbage collector ever copies it; locked where the limit on
 * locked memory allows one page (it does at the usual 8 MiB, where locking the whole process is refused); in no core dump.
 *
 * With the mode `off`, and where there is no GNU C library, it is ordinary memory.
 */
export class SecretPage implements Disposable {
  /** The page. Views of it are no copies; what is derived from it may be. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it is; absent for ordinary memory. */
  readonly address: bigint | undefined;
  /** Whether it is locked in memory. */
  readonly isLocked: boolean;
  readonly #libc: PageCalls | undefined;

  private constructor(
    bytes: Uint8Array<ArrayBuffer>,
    page?: { address: bigint; isLocked: boolean; libc: PageCalls },
  ) {
    this.bytes = bytes;
    this.address = page?.address;
    this.isLocked = page?.isLocked ?? false;
    this.#libc = page?.libc;
  }

  /** Makes one. It stays mapped for the life of the process, as views of it may. */
  static allocate(mode: EffectiveMlockMode): SecretPage {
    const libc = mode === "off" || Deno.build.os !== "linux" ? undefined : openPageCalls();
    if (libc === undefined) return new SecretPage(new Uint8Array(PAGE_BYTES));
    const size = BigInt(PAGE_BYTES);
    const pointer = libc.mmap(null, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0n);
    const address = Deno.UnsafePointer.value(pointer);
    if (pointer === null || BigInt.asIntN(64, address) === -1n) {
      return new SecretPage(new Uint8Array(PAGE_BYTES));
    }
    const isLocked = libc.mlock(address, size) === 0;
    libc.madvise(address, size, MADV_DONTDUMP);
    libc.madvise(address, size, MADV_WIPEONFORK);
    const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, PAGE_BYTES));
    return new SecretPage(bytes, { address, isLocked, libc });
  }

  /**
   * Fills part of the page with randomness straight from the kernel. `crypto.getRandomValues` would leave a copy in the
   * buffer of its generator.
   */
  fillRandom(part: Uint8Array<ArrayBuffer>): void {
    const filled = this.#libc?.getrandom(part, BigInt(part.length), 0);
    if (filled !== BigInt(part.length)) crypto.getRandomValues(part);
  }

  /** Wipes it. */
  [Symbol.dispose](): void {
    this.bytes.fill(0);
  }
}
