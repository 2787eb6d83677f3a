/**
 * Locks itself, works, and tells what the kernel says. Run by tests as a process of its own:
 * `locked_child.ts MODE LOAD EXIT`, where LOAD is one of {@linkcode LOADS} or `none` and EXIT one of
 * `end|exit|throw|reject|signal`. The mode `unfiltered` locks as the obvious code would, without the filter.
 *
 * @module
 */

import {
  describeLock,
  type EffectiveMlockMode,
  lockMemory,
  type LockReport,
} from "../../../lib/memory/mod.ts";
import { LOADS } from "./loads.ts";

const [mode = "strict", load = "none", way = "end"] = Deno.args;
const report = mode === "unfiltered" ? lockWithoutFilter() : lockMemory(mode as EffectiveMlockMode);

const work = LOADS[load];
if (work !== undefined) await work();

function lockWithoutFilter(): LockReport {
  const { symbols } = Deno.dlopen("libc.so.6", {
    mlockall: { parameters: ["i32"], result: "i32" },
  });
  const locked = symbols.mlockall(1 | 2 | 4) === 0; // MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT
  return { mode: "strict", locked, undumpable: false };
}

/** Private writable mappings that hold something and are not locked (`lo` in VmFlags). */
function unlockedMappings(): string[] {
  const unlocked: string[] = [];
  let header = "";
  let resident = 0;
  for (const line of Deno.readTextFileSync("/proc/self/smaps").split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) header = line;
    else if (line.startsWith("Rss:")) resident = Number(/\d+/.exec(line)![0]);
    else if (line.startsWith("VmFlags:") && / rw-p /.test(header) && resident > 0) {
      if (!/ lo\b/.test(line)) unlocked.push(header);
    }
  }
  return unlocked;
}

const status = mode === "off" ? "" : Deno.readTextFileSync("/proc/self/status");
const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
let unlocked: string[] = [];
try {
  unlocked = unlockedMappings();
} catch {
  unlocked = ["smaps cannot be read"];
}
await Deno.stdout.write(
  new TextEncoder().encode(
    JSON.stringify({
      report,
      line: describeLock(report),
      unlocked,
      lockedShare: kilobytes("VmLck") / kilobytes("VmSize"),
      freshIsZero: new Uint8Array(64 * 2 ** 20).every((byte) => byte === 0),
    }) + "\n",
  ),
);

if (way === "exit") Deno.exit(0);
else if (way === "throw") throw new Error("thrown on purpose");
else if (way === "reject") Promise.reject(new Error("rejected on purpose"));
else if (way === "signal") {
  setTimeout(() => {}, 60_000);
  Deno.kill(Deno.pid, "SIGTERM");
}
