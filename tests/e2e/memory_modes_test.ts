/**
 * `--mlock` as its user sees it: real processes, ordinary users, limits that refuse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { headlessLs, type UserOptions } from "../support/memory/ordinary_user.ts";
import { mappingsOf } from "../support/memory/scan.ts";
import { asRoot, MemoryWorld } from "../support/memory/world.ts";
import type { Finished } from "../support/processes.ts";

const MIB = 2 ** 20;
const FAILED = "Failed to lock system memory for headless login: ";
const ALLOW = "Allow it with `ulimit -l unlimited`, for which /etc/security/limits.conf may need " +
  "the line `nobody hard memlock unlimited`; or ";

let world: MemoryWorld;

Deno.test.beforeAll(async () => {
  if (!asRoot.ignore) world = await MemoryWorld.start();
});

Deno.test.afterAll(async () => {
  if (!asRoot.ignore) await world[Symbol.asyncDispose]();
});

/** `tsh ls --headless`, approved; `meanwhile` looks at it before. */
async function list(
  args: string[],
  options: UserOptions,
  meanwhile: (pid: number) => void = () => {},
): Promise<Finished> {
  const { tsh, id } = await world.user.waiting(world.cluster, args, options);
  await using _tsh = tsh;
  await world.alice.headless(id);
  meanwhile(tsh.pid);
  assert.equal((await world.alice.approve(id)).status, 200);
  return await tsh.finished();
}

/** What came before the prompt. */
function preface({ stderr }: Finished): string {
  return stderr.slice(0, stderr.indexOf("Complete headless authentication"));
}

Deno.test.each([
  [8 * MIB, "cannot allocate memory"],
  [0, "operation not permitted"],
])(
  "at a limit of %i bytes tsh ls warns once that it is refused, and lists",
  asRoot,
  async (memlock, reason) => {
    const finished = await list([], { memlock });
    assert.equal(finished.code, 0, finished.stderr);
    assert.match(finished.stdout, /^Node Name Address/);
    const warning = `WARN: ${FAILED}${reason}\n${ALLOW}do not try, by --mlock=off.\n`;
    assert.equal(preface(finished), warning);
    assert.equal(finished.stderr.split(FAILED).length, 2);
  },
);

Deno.test(
  "with the right to lock, tsh ls locks whatever the limit, and says nothing of it",
  asRoot,
  async () => {
    const finished = await list([], { memlock: 0, mayLock: true });
    assert.equal(finished.code, 0, finished.stderr);
    assert.equal(preface(finished), "");
  },
);

Deno.test(
  "--mlock=strict as root locks every private writable mapping while tsh waits",
  asRoot,
  async () => {
    const { code, stderr } = await list(["--mlock=strict", "-d"], { asRoot: true }, (pid) => {
      const unlocked = mappingsOf(pid).filter(({ access, residentBytes, flags }) =>
        access === "rw-p" && residentBytes > 0 && !flags.has("lo")
      );
      assert.deepEqual(unlocked, []);
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]);
      assert.ok(kilobytes("VmLck") >= 0.999 * kilobytes("VmSize"), status);
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /memory lock: mode strict, locked, \d+ MiB of \d+ MiB locked, limit /);
  },
);

Deno.test(
  "-d says mode, result, sizes and limit, and what became of the key's copies",
  asRoot,
  async () => {
    const { tsh, id } = await world.user.waiting(world.cluster, ["-d"], { memlock: 8 * MIB });
    await using _tsh = tsh;
    await tsh.waitFor(
      /memory lock: mode best_effort, cannot allocate memory, 0 MiB of \d+ MiB locked, limit 8 MiB, not readable/,
    );
    await tsh.waitFor(/memory lock: the key's own page is locked/);
    const [, locked, found] = await tsh.waitFor(/(\d+) of (\d+) further copies of the key locked/);
    assert.equal(locked, found);
    await world.alice.deny(id);
    assert.equal((await tsh.finished()).code, 3);
  },
);

/** What `tsh ls --headless` did of the system calls that matter, in order. */
async function trace(
  args: string[],
  options: UserOptions,
): Promise<{ calls: string[] } & Finished> {
  const file = `${world.user.home}/trace`;
  await Deno.remove(file).catch(() => {});
  const under = ["strace", "-f", "-qq", "-e", "trace=mlockall,madvise,connect", "-o", file];
  const tsh = world.user.tsh(headlessLs(world.cluster, args), { ...options, under });
  const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n|^ERROR/);
  if (id !== undefined) await world.alice.deny(id);
  const finished = await tsh.finished();
  const calls = (await Deno.readTextFile(file)).split("\n").flatMap((line) =>
    /mlockall\(/.test(line)
      ? ["lock"]
      : /madvise\(\w+, 4096, MADV_DONTDUMP\)/.test(line)
      ? ["page for the key"]
      : /connect\(.*AF_INET/.test(line)
      ? ["network"]
      : []
  );
  return { ...finished, calls: [...new Set(calls)] };
}

Deno.test(
  "tsh locks before there is a place for a key, and both before the network",
  asRoot,
  async () => {
    const { calls } = await trace(["--mlock=strict"], { mayLock: true });
    assert.deepEqual(calls, ["lock", "page for the key", "network"]);
  },
);

Deno.test.each([
  [8 * MIB, "cannot allocate memory"],
  [0, "operation not permitted"],
])("--mlock=strict at a limit of %i bytes fails before both", asRoot, async (memlock, reason) => {
  const { calls, code, stdout, stderr } = await trace(["--mlock=strict"], { memlock });
  assert.deepEqual(calls, ["lock"]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  const hint = `${ALLOW}go on without by --mlock=best_effort.\n`;
  assert.equal(stderr, `ERROR: ${FAILED}${reason}\n${hint}`);
});

Deno.test(
  "where the kernel takes no filter nothing is locked, because V8 would abort",
  asRoot,
  async () => {
    const file = `${world.user.home}/trace-of-filter`;
    const inject = ["-e", "trace=seccomp,mlockall", "-e", "inject=seccomp:error=ENOSYS"];
    const under = ["strace", "-f", "-qq", ...inject, "-o", file];
    const reason =
      "the kernel refused the seccomp filter that V8 needs: error 38 of the operating " +
      "system";
    const finished = await list([], { mayLock: true, under });
    assert.equal(finished.code, 0, finished.stderr);
    const advice =
      "On machines that others use too, prefer a Linux machine where it can be locked; " +
      "or do not try, by --mlock=off.";
    assert.equal(preface(finished), `WARN: ${FAILED}${reason}\n${advice}\n`);
    const calls = await Deno.readTextFile(file);
    assert.match(calls, /seccomp\(.*INJECTED/);
    assert.doesNotMatch(calls, /mlockall/);
  },
);

Deno.test.each([
  ["the variable counts", [], "strict", /^ERROR: Failed to lock/],
  ["the flag wins", ["--mlock=off"], "strict", /^Complete headless/],
  ["the flag wins both ways", ["--mlock=strict"], "off", /^ERROR: Failed to lock/],
  ["auto is best_effort", ["--mlock=auto"], "off", /^WARN: Failed to lock/],
  ["an empty variable is none", [], "", /^WARN: Failed to lock/],
])("TELEPORT_MLOCK_MODE and --mlock: %s", asRoot, async (_name, args, variable, expected) => {
  const env = { TELEPORT_MLOCK_MODE: variable };
  const tsh = world.user.tsh(headlessLs(world.cluster, [...args]), { memlock: 0, env });
  await using _tsh = tsh;
  await tsh.waitFor(/headless approve|ERROR/);
  assert.match(tsh.stderr, expected);
});

Deno.test.each([
  [["--mlock=on"], {}, '--mlock has the unknown value "on"'],
  [["--mlock="], {}, '--mlock has the unknown value ""'],
  [[], { TELEPORT_MLOCK_MODE: "Strict" }, 'TELEPORT_MLOCK_MODE has the unknown value "Strict"'],
])("an unknown word is refused with the four: %o %o", asRoot, async (args, env, message) => {
  const tsh = world.user.tsh(headlessLs(world.cluster, [...args]), { env: { ...env } });
  const { code, stderr } = await tsh.finished();
  assert.equal(code, 2);
  assert.equal(stderr, `ERROR: ${message}, expected one of off, auto, best_effort, strict\n`);
});
