/**
 * Memory that cannot be swapped: the modes of `--mlock`, and the lock itself.
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
