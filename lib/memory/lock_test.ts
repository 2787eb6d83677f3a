import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Finished } from "../../tests/support/processes.ts";
import { realDeps } from "../deps/mod.ts";
import { createWebCertificate } from "../keys/x509/mod.ts";
import { describeLock, lockMemory, type LockReport } from "./lock.ts";

const child = fileURLToPath(new URL("../../tests/support/memory/locked_child.ts", import.meta.url));

/** For the load that speaks TLS. */
const certificate = JSON.stringify(
  await createWebCertificate({ nowMs: Date.now() }, realDeps()),
);

interface ChildAnswer {
  report: LockReport;
  line: string;
  unlocked: string[];
  lockedShare: number;
  freshIsZero: boolean;
}

interface Outcome {
  code: number;
  stderr: string;
  answer: ChildAnswer;
}

/** Runs the child, which must answer, with another program in front, if any. */
async function run(prefix: string[], deno: string, ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await runToEnd(prefix, deno, ...args);
  if (stdout === "") throw new Error(`the child said nothing (${code}):\n${stderr}`);
  return { code, stderr, answer: JSON.parse(stdout.split("\n")[0]!) };
}

async function runToEnd(prefix: string[], deno: string, ...args: string[]): Promise<Finished> {
  const command = [
    ...prefix,
    deno,
    "run",
    "-A",
    "--no-check",
    "--v8-flags=--expose-gc",
    child,
    ...args,
  ];
  const { code, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    env: { NO_COLOR: "1", LOAD_TLS: certificate },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const isLinux = Deno.build.os === "linux";
const isRoot = isLinux && Deno.uid() === 0;

/** These tests change limits and users, which takes root; elsewhere they are counted as skipped. */
const asRoot = { ignore: !isRoot };

Deno.test("lockMemory() locks every mapping and leaves fresh memory zero", asRoot, async () => {
  const { code, stderr, answer } = await run([], Deno.execPath(), "strict");
  assert.equal(code, 0, stderr);
  assert.equal(answer.report.locked, true, answer.report.reason);
  assert.equal(answer.report.undumpable, true);
  assert.deepEqual(answer.unlocked, []);
  assert.ok(answer.lockedShare >= 0.999, `${answer.lockedShare}`);
  assert.ok(answer.freshIsZero);
  assert.match(answer.line, /^memory lock: mode strict, locked, \d+ MiB of \d+ MiB locked, limit /);
});

const LOADS = ["objects", "buffers", "compiled", "workers", "network", "tls", "children", "idle"];

for (const load of [...LOADS, "soak"]) {
  Deno.test(`a locked process survives ${load}`, asRoot, async () => {
    const { code, stderr, answer } = await run([], Deno.execPath(), "strict", load);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /Fatal error/);
    assert.deepEqual(answer.unlocked, []);
    assert.ok(answer.freshIsZero);
  });
}

// What the tests above are worth: the same work aborts where the filter is left out.
for (const load of ["objects", "buffers", "compiled", "workers", "tls", "idle"]) {
  Deno.test(`without the filter a locked process aborts over ${load}`, asRoot, async () => {
    const prefix = ["prlimit", "--core=0"];
    const { code, stderr } = await runToEnd(prefix, Deno.execPath(), "unfiltered", load);
    assert.notEqual(code, 0);
    assert.match(stderr, /Fatal error[^]*Check failed: 0 == ret/);
  });
}

Deno.test.each([
  ["end", 0],
  ["exit", 0],
  ["throw", 1],
  ["reject", 1],
  ["signal", 143],
])("a locked process ends by %s with %i and no fatal error", asRoot, async (way, expected) => {
  const { code, stderr } = await run([], Deno.execPath(), "strict", "objects", way);
  assert.doesNotMatch(stderr, /Fatal error|core dumped/);
  assert.equal(code, expected, stderr);
});

/** A copy of Deno that every user may run: the one of npx lives below a home directory. */
async function withSharedDeno(use: (deno: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey-memory-" });
  try {
    await Deno.chmod(folder, 0o755);
    await Deno.copyFile(Deno.execPath(), `${folder}/deno`);
    await Deno.chmod(`${folder}/deno`, 0o755);
    await use(`${folder}/deno`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "an ordinary user gets the reason of each limit, and the lock with the right to it",
  asRoot,
  async (t) => {
    await withSharedDeno(async (deno, folder) => {
      const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      const env = ["env", `DENO_DIR=${folder}/cache-of-nobody`, "HOME=/nonexistent"];
      await Deno.mkdir(`${folder}/cache-of-nobody`);
      await Deno.chown(`${folder}/cache-of-nobody`, 65534, 65534);

      await t.step("8 MiB: cannot allocate memory", async () => {
        const limited = ["prlimit", "--memlock=8388608:8388608", "setpriv", ...user, ...env];
        const { answer } = await run(limited, deno, "best_effort");
        assert.equal(answer.report.locked, false);
        assert.equal(answer.report.reason, "cannot allocate memory");
        assert.equal(answer.report.limitBytes, 8388608);
        assert.equal(answer.report.undumpable, true);
      });
      await t.step("0: operation not permitted", async () => {
        const limited = ["prlimit", "--memlock=0:0", "setpriv", ...user, ...env];
        const { answer } = await run(limited, deno, "strict");
        assert.equal(answer.report.reason, "operation not permitted");
      });
      await t.step("CAP_IPC_LOCK: locked, whatever the limit", async () => {
        const capable = [
          "prlimit",
          "--memlock=0:0",
          "setpriv",
          ...user,
          "--inh-caps=+ipc_lock",
          "--ambient-caps=+ipc_lock",
          ...env,
        ];
        const { answer } = await run(capable, deno, "strict");
        assert.equal(answer.report.locked, true, answer.report.reason);
      });
    });
  },
);

Deno.test("lockMemory() refuses other systems and machines in words", () => {
  assert.equal(
    lockMemory("strict", { os: "darwin", arch: "aarch64" }).reason,
    "memory locking is not supported on non-linux operating systems",
  );
  assert.deepEqual(lockMemory("off"), { mode: "off", locked: false, undumpable: false });
});

Deno.test("describeLock() says mode, result, sizes and limit", () => {
  const line = describeLock({
    mode: "best_effort",
    locked: false,
    reason: "cannot allocate memory",
    undumpable: true,
    lockedBytes: 0,
    sizeBytes: 18 * 2 ** 30,
    limitBytes: 8 * 2 ** 20,
  });
  assert.equal(
    line,
    "memory lock: mode best_effort, cannot allocate memory, 0 MiB of 18432 MiB locked, " +
      "limit 8 MiB, not readable by other processes",
  );
});
