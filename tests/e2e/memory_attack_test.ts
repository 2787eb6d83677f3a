/**
 * What other processes get out of a `tsh` that waits: nothing, unless it was told `--mlock=off`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { huntKey } from "../support/memory/key_hunt.ts";
import type { UserOptions } from "../support/memory/ordinary_user.ts";
import { mappingsOf, scanProcess } from "../support/memory/scan.ts";
import { asRoot, MemoryWorld } from "../support/memory/world.ts";

const ATTACKER = fileURLToPath(new URL("../support/memory/attacker.ts", import.meta.url));
const PLANT = "LATCHKEY_PLANT";

let world: MemoryWorld;

Deno.test.beforeAll(async () => {
  if (!asRoot.ignore) world = await MemoryWorld.start();
});

Deno.test.afterAll(async () => {
  if (!asRoot.ignore) await world[Symbol.asyncDispose]();
});

/** A `tsh ls --headless` that waits, with what it looks like from a root's side. */
async function waiting(
  mode: string,
  options: UserOptions,
  work: (target: {
    pid: number;
    id: string;
    plant: string;
  }) => Promise<void>,
): Promise<void> {
  const plant = crypto.randomUUID().replaceAll("-", "");
  const { tsh, id } = await world.user.waiting(world.cluster, [`--mlock=${mode}`], {
    ...options,
    env: { [PLANT]: plant },
  });
  try {
    await world.alice.headless(id); // it has sent its request
    await new Promise((wake) => setTimeout(wake, 500)); // and loaded what comes after
    await work({ pid: tsh.pid, id, plant });
  } finally {
    tsh.signal("SIGKILL"); // who was traced may be stopped
    await tsh.finished();
  }
}

/** Whether processes of one user may look at one another at all on this machine (Documentation/admin-guide/LSM/Yama.rst). */
function isPtraceRestricted(): boolean {
  try {
    return Deno.readTextFileSync("/proc/sys/kernel/yama/ptrace_scope").trim() !== "0";
  } catch {
    return false;
  }
}

/** With the target's own capabilities, so that these are not what it is refused for. */
async function attack(pid: number, options: UserOptions): Promise<Record<string, string>> {
  const stack = mappingsOf(pid).find(({ name }) => name === "[stack]")!;
  const { code, said } = await world.user.deno(ATTACKER, [String(pid), String(stack.end - 64)], {
    mayLock: options.mayLock === true,
  });
  assert.equal(code, 0, said);
  return JSON.parse(said);
}

const MIB = 2 ** 20;
const MODES: readonly [name: string, mode: string, options: UserOptions][] = [
  ["strict", "strict", { mayLock: true }],
  ["best_effort, refused at 8 MiB", "best_effort", { memlock: 8 * MIB }],
  ["best_effort, refused at 0", "best_effort", { memlock: 0 }],
];

Deno.test(
  "the same user's other processes are refused the memory of a waiting tsh",
  asRoot,
  async (t) => {
    for (const [name, mode, options] of MODES) {
      await t.step(name, async () => {
        await waiting(mode, options, async ({ pid }) => {
          assert.deepEqual(await attack(pid, {}), {
            maps: "PermissionDenied",
            environ: "PermissionDenied",
            mem: "PermissionDenied",
            processVmReadv: "-1",
            ptrace: "-1",
          });
        });
      });
    }
    await t.step({
      name: "off: all of it is theirs, so that the tests above mean something",
      ignore: isPtraceRestricted(),
      fn: () =>
        waiting("off", {}, async ({ pid, plant }) => {
          assert.deepEqual(await attack(pid, {}), {
            maps: "read",
            environ: "read",
            mem: `${PLANT}=${plant}`,
            processVmReadv: "16",
            ptrace: "0",
          });
        }),
    });
  },
);

/** Whether a program is installed. */
async function has(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
    .output();
  return success;
}

/** What gdb, which gcore is a script of, gets of the stack: a whole core would be all 18 GB that V8 has reserved. */
async function dumpStack(pid: number): Promise<{ said: string; bytes: Uint8Array | undefined }> {
  const stack = mappingsOf(pid).find(({ name }) => name === "[stack]")!;
  const file = `${world.user.home}/dump`;
  const command = `dump binary memory ${file} ${stack.start} ${stack.end}`;
  const { said } = await world.user.run(
    [
      "gdb",
      "--nx",
      "--batch",
      "--iex",
      "set auto-solib-add off",
      "-p",
      String(pid),
      "-ex",
      command,
    ],
  );
  const bytes = await Deno.readFile(file).catch(() => undefined);
  if (bytes !== undefined) await Deno.remove(file);
  return { said, bytes };
}

Deno.test("gdb and gcore by the same user get nothing of a waiting tsh", {
  ignore: asRoot.ignore || !await has("gcore"),
}, async (t) => {
  for (const [name, mode, options] of MODES) {
    await t.step(name, async () => {
      await waiting(mode, options, async ({ pid }) => {
        const { said, bytes } = await dumpStack(pid);
        assert.match(said, /ptrace: Operation not permitted/);
        assert.equal(bytes, undefined);
        const gcore = await world.user.run(["gcore", "-o", "core-of-tsh", String(pid)]);
        assert.match(gcore.said, /ptrace: Operation not permitted/);
        const files = [...Deno.readDirSync(world.user.home)].map((file) => file.name);
        assert.deepEqual(files.filter((file) => file.startsWith("core-of-tsh")), []);
      });
    });
  }
  await t.step({
    name: "off: gdb gets it",
    ignore: isPtraceRestricted(),
    fn: () =>
      waiting("off", {}, async ({ pid, plant }) => {
        const { said, bytes } = await dumpStack(pid);
        assert.ok(bytes !== undefined, said);
        assert.ok(new TextDecoder("latin1").decode(bytes).includes(`${PLANT}=${plant}`));
      }),
  });
});

Deno.test(
  "root, who sees all, finds a planted secret, and the key in locked pages alone",
  asRoot,
  async (t) => {
    const plantsIn = (pid: number, plant: string) =>
      scanProcess(pid, { plant: new TextEncoder().encode(plant) });
    await t.step("strict", async () => {
      await waiting("strict", { mayLock: true }, ({ pid, id, plant }) => {
        assert.ok(plantsIn(pid, plant).length > 0);
        const { copies, unlocked } = huntKey(pid, id);
        assert.ok(copies.length > 0);
        assert.deepEqual(unlocked, []);
        return Promise.resolve();
      });
    });
    await t.step("best_effort, refused at 8 MiB", async () => {
      await waiting("best_effort", { memlock: 8 * MIB }, ({ pid, id, plant }) => {
        assert.ok(plantsIn(pid, plant).some(({ mapping }) => !mapping.flags.has("lo")));
        const { copies, unlocked } = huntKey(pid, id);
        // Its own page, which no core dump and no child gets, and whatever the runtime made of it.
        assert.ok(
          copies.some(({ mapping }) => ["dd", "wf"].every((flag) => mapping.flags.has(flag))),
        );
        assert.deepEqual(unlocked, []);
        return Promise.resolve();
      });
    });
    await t.step("off: it is found in pages that may be swapped", async () => {
      await waiting("off", {}, ({ pid, id }) => {
        assert.ok(huntKey(pid, id).unlocked.length > 0);
        return Promise.resolve();
      });
    });
  },
);
