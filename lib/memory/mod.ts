/**
 * Memory that cannot be swapped: the modes of `--mlock`, the lock of the whole process (`lock.ts`, with `filter.ts` under it),
 * and for where that is refused a page for the key (`secret_page.ts`) and a hunt for copies of it (`copies.ts`).
 *
 * Copies of a command's private key outside locked pages, as tests/support/memory/key_hunt.ts counts them from outside
 * (Deno 2.9.6, x86_64). The key's own page holds two forms of it: PKCS #8 as DER and as PEM.
 *
 *     mode                             waiting   TLS connects   1.5 s after the approval
 *     locked                           0         0              0
 *     best_effort, refused at 8 MiB    0         3              1 at most
 *     best_effort, refused at 0        3         6              6
 *     off                              4         7              7
 *
 * Outside the page, node:crypto keeps one copy (in cppgc's heap, found and locked while the person is awaited) and TLS three:
 * the text that Deno makes of the PEM, its DER, and rustls's key. crypto.getRandomValues would leave one more in the buffer
 * of its generator, which is why the key comes from getrandom(2), and PEM as a JavaScript string another two.
 *
 * @module
 */

export {
  type EffectiveMlockMode,
  effectiveMlockMode,
  MLOCK_MODES,
  type MlockMode,
  parseMlockMode,
} from "./mode.ts";
export { type CopiesReport, lockCopies } from "./copies.ts";
export { describeLock, lockMemory, type LockReport, type Platform } from "./lock.ts";
export { SecretPage } from "./secret_page.ts";
