import assert from "node:assert/strict";
import { realDeps } from "./mod.ts";

const MOD = new URL("./mod.ts", import.meta.url).href;

/** Runs `code` in a process of its own; `deps` is there already. */
function program(code: string): Deno.Command {
  const source = `import { realDeps } from ${
    JSON.stringify(MOD)
  }; const deps = realDeps(); ${code}`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", source],
    cwd: new URL("../..", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("random.bytes() gives any length, and never the same twice", () => {
  const { random } = realDeps();
  assert.equal(random.bytes(0).length, 0);
  const long = random.bytes(200_000);
  assert.equal(long.length, 200_000);
  assert.ok(long.subarray(131_072).some((byte) => byte !== 0), "the last chunk is random too");
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
  assert.match(
    random.uuid(),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

Deno.test("env.get() takes an empty variable as unset", () => {
  const { env } = realDeps();
  const name = `LATCHKEY_TEST_${crypto.randomUUID().replaceAll("-", "")}`;
  try {
    assert.equal(env.get(name), undefined);
    Deno.env.set(name, "");
    assert.equal(env.get(name), undefined);
    Deno.env.set(name, "x");
    assert.equal(env.get(name), "x");
  } finally {
    Deno.env.delete(name);
  }
});

Deno.test("osUser() is what id says", async () => {
  const { stdout } = await new Deno.Command("id", { args: ["-un"] }).output();
  assert.equal(realDeps().process.osUser(), text(stdout).trim());
});

Deno.test("stdout() writes all of a text larger than a pipe holds", async () => {
  const { stdout, code } = await program(
    `await deps.terminal.stdout("é".repeat(1_000_000) + "end");`,
  ).output();
  assert.equal(code, 0);
  assert.equal(text(stdout), "é".repeat(1_000_000) + "end");
});

Deno.test("stdout() ends the process quietly when the reader has gone", async () => {
  const child = program(`
    for (;;) await deps.terminal.stdout("line\\n".repeat(1000));
  `).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.equal(code, 141);
  assert.equal(stderr, "");
});

Deno.test("interrupted() aborts with a cancelled error at the first signal, and the next one ends the process", async () => {
  const child = program(`
    const signal = deps.process.interrupted();
    const timer = setInterval(() => {}, 1000);
    signal.addEventListener("abort", async () => {
      await deps.terminal.stdout(signal.reason.code + ": " + signal.reason.message + "\\n");
    });
    await deps.terminal.stdout("ready\\n");
  `).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await lines.read()).value, "ready\n");
  child.kill("SIGTERM");
  assert.equal((await lines.read()).value, "cancelled: interrupted by SIGTERM\n");
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  await Promise.all([lines.cancel(), child.stderr.cancel()]);
});

Deno.test("interrupted() does not keep a process running", async () => {
  const { code } = await program(`deps.process.interrupted();`).output();
  assert.equal(code, 0);
});

Deno.test("terminal says that pipes are no terminals", async () => {
  const { stdout } = await program(`
    const t = deps.terminal;
    await t.stdout(JSON.stringify([t.stdoutIsTerminal, t.stderrIsTerminal, t.stdinIsTerminal, t.columns() ?? null]));
  `).output();
  assert.equal(text(stdout), "[false,false,false,null]");
});
