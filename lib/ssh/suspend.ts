/**
 * Suspending together with ssh. The escape `~^Z` stops ssh alone, and the shell waits for this process, not for ssh; so this
 * process stops, too, and the person has their prompt. `fg` wakes both.
 *
 * @module
 */

/** Whether a process is stopped, from /proc/PID/stat (`pid (name) state …`, where the name may hold anything). */
export function isStopped(stat: string): boolean {
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

/** Stops this process whenever the child `pid` is stopped, until disposed of. Linux only. */
export function suspendWith(pid: number | undefined): Disposable {
  if (Deno.build.os !== "linux" || pid === undefined) return { [Symbol.dispose]() {} };
  const onChild = () => {
    try {
      if (isStopped(Deno.readTextFileSync(`/proc/${pid}/stat`))) Deno.kill(Deno.pid, "SIGTSTP");
    } catch { /* it has ended */ }
  };
  Deno.addSignalListener("SIGCHLD", onChild);
  return {
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGCHLD", onChild);
    },
  };
}
