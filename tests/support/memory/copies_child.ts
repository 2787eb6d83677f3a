/**
 * Makes a secret in a page of its own and copies of it elsewhere, and locks their pages when told to. Run by tests as a process
 * of its own, which looks from outside: `copies_child.ts COPIES`. Each line that it reads on standard input is a step.
 *
 * @module
 */

import { lockCopies, lockMemory, SecretPage } from "../../../lib/memory/mod.ts";
import { LOADS } from "./loads.ts";

const line = new Uint8Array(16);
const { locked } = lockMemory("best_effort");
const page = SecretPage.allocate("best_effort");
const secret = page.bytes.subarray(8, 40);
page.fillRandom(secret);
// Far apart, so that each is in another page, and beside them small ones, which V8 keeps in its own heap.
let copies = Array.from({ length: Number(Deno.args[0]) }, () => {
  const copy = new Uint8Array(100_000);
  copy.set(secret, 50_000);
  return { copy, small: secret.slice() };
});
const say = (what: unknown) => console.log(JSON.stringify(what));
say({ locked, pageIsLocked: page.isLocked, address: Number(page.address), copies: copies.length });
await Deno.stdin.read(line);
say(lockCopies(page, [secret]));
await Deno.stdin.read(line);
copies = [];
await LOADS["objects"]!(); // V8 wants to give the pages back
page[Symbol.dispose]();
say(page.bytes.every((byte) => byte === 0));
