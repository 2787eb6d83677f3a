import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readMemory, scanProcess } from "../../tests/support/memory/scan.ts";
import { Running } from "../../tests/support/processes.ts";
import { lockCopies } from "./copies.ts";
import { SecretPage } from "./secret_page.ts";

const child = fileURLToPath(new URL("../../tests/support/memory/copies_child.ts", import.meta.url));

/** Changes limits and reads another process, which takes root; elsewhere counted as skipped. */
const asRoot = { ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 };

/** A child that makes five copies, under a limit on locked memory, without the right to ignore it. */
function start(memlock: number): { running: Running; step: (which?: "last") => Promise<void> } {
  const command = [
    ["prlimit", `--memlock=${memlock}:${memlock}`],
    ["setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock"],
    [Deno.execPath(), "run", "-A", "--no-check", "--v8-flags=--expose-gc", child, "5"],
  ].flat();
  const process = new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  return {
    running: new Running(process),
    step: (which) => which === "last" ? writer.close() : writer.write(Uint8Array.of(10)),
  };
}

Deno.test(
  "SecretPage is locked and undumpable at 8 MiB, and lockCopies() locks the copies",
  asRoot,
  async () => {
    const { running, step } = start(8 * 2 ** 20);
    await using _running = running;
    const [first] = await running.waitFor(/^.*\n/, { stream: "stdout" });
    const { locked, pageIsLocked, address } = JSON.parse(first);
    assert.deepEqual({ locked, pageIsLocked }, { locked: false, pageIsLocked: true });

    const secret = readMemory(running.pid, address + 8, 32);
    const look = () => scanProcess(running.pid, { secret });
    const page = look().find((found) => found.address === address + 8)!;
    assert.ok(["lo", "dd", "wf"].every((flag) => page.mapping.flags.has(flag)));
    const outside = () => look().filter(({ mapping }) => !mapping.flags.has("lo")).length;
    const before = outside();
    assert.ok(before >= 10, `${before} copies found outside`);

    await step();
    const [, second] = await running.waitFor(/^.*\n(.*)\n/, { stream: "stdout" });
    assert.deepEqual(JSON.parse(second!), { found: before, locked: before });
    assert.equal(outside(), 0);

    await step("last");
    const { code, stdout, stderr } = await running.finished();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\ntrue\n$/);
  },
);

Deno.test(
  "where nothing may be locked, there is no page that is, and nothing is claimed",
  asRoot,
  async () => {
    const { running, step } = start(0);
    await using _running = running;
    const [first] = await running.waitFor(/^.*\n/, { stream: "stdout" });
    assert.equal(JSON.parse(first).pageIsLocked, false);
    await step();
    await running.waitFor(/^.*\nundefined\n/, { stream: "stdout" });
    await step("last");
    assert.equal((await running.finished()).code, 0);
  },
);

Deno.test("with the mode off the secret page is ordinary memory, random all the same", () => {
  using page = SecretPage.allocate("off");
  assert.deepEqual([page.address, page.isLocked], [undefined, false]);
  page.fillRandom(page.bytes);
  assert.ok(new Set(page.bytes).size > 200);
  assert.equal(lockCopies(page, [page.bytes.subarray(0, 32)]), undefined);
});
