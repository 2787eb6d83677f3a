/**
 * Memory while `tsh ssh` and `tsh scp` run: this process locked, what it started and what the node runs as clean as ever.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Hunted, huntKey } from "../support/memory/key_hunt.ts";
import type { UserOptions } from "../support/memory/ordinary_user.ts";
import { mappingsOf } from "../support/memory/scan.ts";
import { asRoot, MemoryWorld } from "../support/memory/world.ts";
import type { Running } from "../support/processes.ts";

let world: MemoryWorld;

Deno.test.beforeAll(async () => {
  if (!asRoot.ignore) world = await MemoryWorld.start();
});

Deno.test.afterAll(async () => {
  if (!asRoot.ignore) await world[Symbol.asyncDispose]();
});

/** The cluster, which all tests share, writes its log while any of them runs. */
const shared = { ...asRoot, sanitizeOps: false };

const STRICT = { mode: "strict", options: { mayLock: true } } as const;

/** `tsh ssh` or `tsh scp`, approved. */
async function approved(
  verb: "ssh" | "scp",
  words: string[],
  { mode, options }: { mode: string; options: UserOptions },
): Promise<{ tsh: Running; id: string }> {
  const flags = [`--proxy=${world.cluster.proxy}`, "--user=alice", "--insecure", "--headless"];
  const tsh = world.user.tsh([verb, ...flags, `--mlock=${mode}`, ...words], options);
  const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
  assert.equal((await world.alice.approve(id!)).status, 200);
  return { tsh, id: id! };
}

/** Lines of /proc/PID/status. */
function statusOf(pid: number): Map<string, string> {
  const lines = Deno.readTextFileSync(`/proc/${pid}/status`).split("\n");
  return new Map(lines.map((line) => line.split(/:\s+/) as [string, string]));
}

/** What a process has started, whichever of its threads did it. */
function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) => {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`);
    return text.split(" ").filter((word) => word !== "").map(Number);
  });
}

function assertLocked(pid: number): void {
  const unlocked = mappingsOf(pid).filter(({ access, residentBytes, flags }) =>
    access === "rw-p" && residentBytes > 0 && !flags.has("lo")
  );
  assert.deepEqual(unlocked, []);
  const status = statusOf(pid);
  const share = parseInt(status.get("VmLck")!) / parseInt(status.get("VmSize")!);
  assert.ok(share >= 0.999, `${share}`);
}

function assertClean(pid: number): void {
  const status = statusOf(pid);
  const seen = ["VmLck", "NoNewPrivs", "Seccomp"].map((name) => status.get(name));
  assert.deepEqual(seen, ["0 kB", "0", "0"], status.get("Name"));
}

/** Checks a locked `tsh` and all that it has started. */
function assertAll(pid: number): void {
  assertLocked(pid);
  const children = childrenOf(pid);
  assert.ok(children.length > 0);
  for (const child of children) {
    assertClean(child);
    childrenOf(child).forEach(assertClean);
  }
}

Deno.test(
  "during tsh ssh everything is locked, ssh is clean, and so is what the node runs",
  shared,
  async () => {
    const remote = "cat /proc/self/status; echo running; sleep 60";
    const { tsh, id } = await approved("ssh", ["root@server01", remote], STRICT);
    await using _tsh = tsh;
    await tsh.waitFor(/running/, { stream: "stdout" });
    assertAll(tsh.pid);
    assert.deepEqual(huntKey(tsh.pid, id).unlocked, []);
    assert.match(tsh.stdout, /^NoNewPrivs:\s+0$/m);
    assert.match(tsh.stdout, /^Seccomp:\s+0$/m);
  },
);

Deno.test(
  "after a minute of work everything is still locked",
  shared,
  async () => {
    const remote = "end=$(($(date +%s) + 60)); echo begun; " +
      "while [ $(date +%s) -lt $end ]; do head -c 20000 /dev/zero | base64; sleep 0.05; done; " +
      "echo worked; read -r _";
    const { tsh, id } = await approved("ssh", ["-tt", "root@server01", remote], STRICT);
    await using _tsh = tsh;
    await tsh.waitFor(/begun/, { stream: "stdout" });
    await tsh.waitFor(/worked/, { stream: "stdout", timeoutMs: 120_000 });
    assertAll(tsh.pid);
    assert.deepEqual(huntKey(tsh.pid, id).unlocked, []);
    assert.doesNotMatch(tsh.stderr, /Fatal error/);
  },
);

Deno.test("programs that gain rights, as sudo does, gain them on the node", shared, async () => {
  const program = `${world.cluster.folder}/id-as-root`;
  await Deno.copyFile("/usr/bin/id", program);
  await Deno.chmod(world.cluster.folder, 0o755);
  await Deno.chmod(program, 0o4755);
  const remote = `setpriv --reuid=65534 --clear-groups ${program} -u`;
  const { tsh } = await approved("ssh", ["root@server01", remote], STRICT);
  const { code, stdout, stderr } = await tsh.finished();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "0\n" }, stderr);
});

Deno.test(
  "during tsh scp everything is locked, and scp and its ssh are clean",
  shared,
  async () => {
    const copy = `${world.user.home}/copy`;
    await Deno.writeFile(copy, new Uint8Array(64 * 2 ** 20));
    const limited = ["-l", "65536", `root@server01:${copy}`, "./copied"];
    const { tsh } = await approved("scp", limited, STRICT);
    await using _tsh = tsh;
    for (let attempt = 0; attempt < 200; attempt++) {
      const [scp] = childrenOf(tsh.pid);
      if (scp !== undefined && childrenOf(scp).length > 0) break;
      await new Promise((wake) => setTimeout(wake, 20));
    }
    assertAll(tsh.pid);
    const { code, stderr } = await tsh.finished();
    assert.equal(code, 0, stderr);
  },
);

Deno.test(
  "where locking is refused, at most one copy of the key lies outside locked pages soon after the approval",
  shared,
  async () => {
    const refused = { mode: "best_effort", options: { memlock: 8 * 2 ** 20 } };
    const { tsh, id } = await approved("ssh", ["root@server01", "echo running; sleep 60"], refused);
    await using _tsh = tsh;
    await tsh.waitFor(/running/, { stream: "stdout" });
    await new Promise((wake) => setTimeout(wake, 1500));
    const { copies, unlocked }: Hunted = huntKey(tsh.pid, id);
    assert.ok(copies.length >= 2);
    assert.ok(unlocked.length <= 1, unlocked.map(({ needle }) => needle).join());
  },
);
