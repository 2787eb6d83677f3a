/**
 * Every way out of a locked `tsh` leaves no abort and no core, and says by its status how it ended.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { UserOptions } from "../support/memory/ordinary_user.ts";
import { asRoot, MemoryWorld } from "../support/memory/world.ts";
import type { Finished, Running } from "../support/processes.ts";

let world: MemoryWorld;

Deno.test.beforeAll(async () => {
  if (!asRoot.ignore) world = await MemoryWorld.start();
});

Deno.test.afterAll(async () => {
  if (!asRoot.ignore) await world[Symbol.asyncDispose]();
});

/** As a person's shell may have it, whatever the one that runs the tests has. */
const CORES_ALLOWED = ["prlimit", "--core=unlimited:unlimited"];
const STRICT: UserOptions = { mayLock: true, under: CORES_ALLOWED };

function cores(): string[] {
  return [...Deno.readDirSync(world.user.home)].map(({ name }) => name)
    .filter((name) => /^(vg)?core/.test(name));
}

function assertClean({ stderr }: Finished): void {
  assert.doesNotMatch(stderr, /Fatal error|core dumped|panicked/);
  assert.deepEqual(cores(), []);
}

/** A locked `tsh ls` that waits. */
function waiting(options: UserOptions = STRICT): Promise<{ tsh: Running; id: string }> {
  return world.user.waiting(world.cluster, ["--mlock=strict"], options);
}

Deno.test(
  "a locked tsh ends by approval, denial and signals as an unlocked one does",
  asRoot,
  async (t) => {
    const ways: Record<string, [status: number, end: (tsh: Running, id: string) => unknown]> = {
      "approved": [0, (_tsh, id) => world.alice.approve(id)],
      "denied": [3, (_tsh, id) => world.alice.deny(id)],
      "Ctrl-C": [130, (tsh) => tsh.signal("SIGINT")],
      "SIGTERM": [143, (tsh) => tsh.signal("SIGTERM")],
      "SIGHUP": [129, (tsh) => tsh.signal("SIGHUP")],
      "Ctrl-C twice": [130, (tsh) => (tsh.signal("SIGINT"), tsh.signal("SIGINT"))],
    };
    for (const [name, [status, end]] of Object.entries(ways)) {
      await t.step(name, async () => {
        const { tsh, id } = await waiting();
        await using _tsh = tsh;
        await world.alice.headless(id);
        await end(tsh, id);
        const finished = await tsh.finished();
        assert.equal(finished.code, status, finished.stderr);
        assertClean(finished);
      });
    }
  },
);

Deno.test("a locked tsh that finds no proxy fails in words", asRoot, async () => {
  const args = ["ls", "--headless", "--proxy=localhost:1", "--user=alice", "--mlock=strict"];
  const finished = await world.user.tsh(args, STRICT).finished();
  assert.equal(finished.code, 1);
  assert.match(finished.stderr, /^ERROR: /);
  assertClean(finished);
});

Deno.test.each([
  [
    "an error that nobody catches",
    'throw new Error("on purpose");',
    /error: Uncaught.* on purpose/,
  ],
  ["a rejection", 'Promise.reject(new Error("on purpose"));', /error: Uncaught.* on purpose/],
  ["an exit in the middle", "Deno.exit(1);", /^Complete/],
])("a locked tsh ends by %s", asRoot, async (_name, statement, words) => {
  const preload = `${world.user.home}/preload.ts`;
  // Not awaited by the runtime, which would begin with tsh only after it.
  const timer = `Deno.unrefTimer(setTimeout(() => { ${statement} }, 1500));`;
  await Deno.writeTextFile(preload, timer);
  await Deno.chmod(preload, 0o644);
  const { tsh } = await waiting({ ...STRICT, runtime: [`--preload=${preload}`] });
  await using _tsh = tsh;
  const finished = await tsh.finished();
  assert.equal(finished.code, 1, finished.stderr);
  assert.match(finished.stderr, words);
  assertClean(finished);
});

Deno.test("a locked tsh whose reader has gone ends as by SIGPIPE", asRoot, async () => {
  const shell = 'exec 3>&2; { "$@" 2>&3; echo "status $?" >&3; } | true';
  const { tsh, id } = await waiting({ mayLock: true, under: ["sh", "-c", shell, "sh"] });
  await using _tsh = tsh;
  await world.alice.approve(id);
  const finished = await tsh.finished();
  assert.match(finished.stderr, /status 141\n$/);
  assertClean(finished);
});

/** Whether a core would be a file here at all. */
function writesCores(): boolean {
  try {
    return /^core/.test(Deno.readTextFileSync("/proc/sys/kernel/core_pattern"));
  } catch {
    return false;
  }
}

Deno.test("a locked tsh that crashes leaves no core, where an unlocked one does", {
  ignore: asRoot.ignore || !writesCores(),
}, async (t) => {
  const crash = async (args: string[], options: UserOptions) => {
    const { tsh } = await world.user.waiting(world.cluster, args, options);
    await using _tsh = tsh;
    tsh.signal("SIGABRT");
    await tsh.finished();
    const left = cores();
    for (const name of left) await Deno.remove(`${world.user.home}/${name}`);
    return left.length;
  };
  await t.step("strict", async () => assert.equal(await crash(["--mlock=strict"], STRICT), 0));
  await t.step("best_effort, refused", async () => {
    assert.equal(await crash([], { memlock: 0, under: CORES_ALLOWED }), 0);
  });
  await t.step("off", async () => {
    assert.equal(await crash(["--mlock=off"], { under: CORES_ALLOWED }), 1);
  });
});
