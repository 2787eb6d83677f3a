/**
 * node:crypto, loaded when it is first used: that takes 18 ms, as long as the rest of a program's start, and who checks a
 * certificate of an Ed25519 authority by Web Cryptography needs nothing of it.
 */
export function nodeCrypto(): typeof import("node:crypto") {
  return globalThis.process.getBuiltinModule("node:crypto");
}
