/**
 * What locking memory costs a `tsh ls --headless`: time until its prompt and memory while it waits, for each mode in turn in one
 * run, and how long the calls themselves take.
 *
 * As root, who may lock; the refusal is an ordinary limit of 8 MiB without the right to ignore it.
 *
 * @module
 */

import { Cluster } from "../support/cluster.ts";
import { Person } from "../support/person.ts";
import { startTool } from "../support/processes.ts";
import { Figure, type Line } from "./figures.ts";

const GO = { lockedMb: 1300, residentMb: 236 };
const RUNS = 9;

/** The same programs before all of them, so that they cost the same. */
function under(...rights: string[]): string[] {
  return ["prlimit", "--memlock=8388608:8388608", "setpriv", "--inh-caps=-ipc_lock", ...rights];
}

/** Mode, and what it is run by. */
const WAYS = {
  off: { mode: "off", under: under() },
  locked: { mode: "strict", under: under() },
  refused: { mode: "best_effort", under: under("--bounding-set=-ipc_lock") },
} as const;

class Figures {
  readonly promptMs = new Figure();
  readonly residentMb = new Figure();
  readonly lockedMb = new Figure();
}

/** Starts one, measures it while it waits, and sends it away. */
async function measure(way: keyof typeof WAYS, cluster: Cluster, figures: Figures): Promise<void> {
  const { mode, under } = WAYS[way];
  const args = ["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice", `--mlock=${mode}`];
  const env = { SSL_CERT_FILE: `${cluster.folder}/data/webproxy_cert.pem` };
  const started = performance.now();
  const tsh = startTool("tsh", args, { under, env });
  await tsh.waitFor(/\/web\/headless\/[0-9a-f-]{36}\n/);
  figures.promptMs.add(performance.now() - started);
  await new Promise((wake) => setTimeout(wake, 500));
  const status = await Deno.readTextFile(`/proc/${tsh.pid}/status`);
  const megabytes = (name: string) =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024;
  figures.residentMb.add(megabytes("VmRSS"));
  figures.lockedMb.add(megabytes("VmLck"));
  tsh.signal("SIGINT");
  await tsh.finished();
}

/** Runs the bench. */
export async function run(): Promise<Line[]> {
  await using cluster = await Cluster.start();
  using alice = new Person(cluster.url, await cluster.certificate());
  await alice.acceptInvitation(await cluster.invite("alice"));
  const all = { off: new Figures(), locked: new Figures(), refused: new Figures() };
  // In turn, so that what else happens on the machine falls on all of them.
  for (let round = 0; round < RUNS; round++) {
    for (const way of ["off", "locked", "refused"] as const) {
      await measure(way, cluster, all[way]);
    }
  }
  const more = (figure: Figure) => {
    const ms = figure.median - all.off.promptMs.median;
    return `${ms < 0 ? "" : "+"}${ms.toFixed(0)} ms against off`;
  };
  const { off, locked, refused } = all;
  const ofGo = (figure: Figure) => `${(figure.median / GO.residentMb).toFixed(2)} of Go's 236`;
  return [
    { what: "to the prompt, off", value: off.promptMs.describe("ms"), ratio: "" },
    {
      what: "to the prompt, locked",
      value: locked.promptMs.describe("ms"),
      ratio: more(locked.promptMs),
    },
    {
      what: "to the prompt, refused at 8 MiB",
      value: refused.promptMs.describe("ms"),
      ratio: more(refused.promptMs),
    },
    {
      what: "resident while it waits, off",
      value: off.residentMb.describe("MB"),
      ratio: ofGo(off.residentMb),
    },
    {
      what: "resident while it waits, locked",
      value: locked.residentMb.describe("MB"),
      ratio: ofGo(locked.residentMb),
    },
    {
      what: "resident while it waits, refused",
      value: refused.residentMb.describe("MB"),
      ratio: ofGo(refused.residentMb),
    },
    {
      what: "address space locked",
      value: locked.lockedMb.describe("MB"),
      ratio: `Go locks ${GO.lockedMb}; only what is resident takes memory`,
    },
  ];
}
