import assert from "node:assert/strict";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { defaultDataDir } from "../data_dir.ts";
import { missingRuntimeAdvice, planCompile, TARGETS } from "./compile.ts";
import { chooseFolder, livesInCache, shimScript } from "./install.ts";

Deno.test("planCompile() builds for this machine, one target or all", () => {
  assert.deepEqual(planCompile([], "x86_64-unknown-linux-gnu"), [
    { target: "x86_64-unknown-linux-gnu", output: "dist/x86_64-unknown-linux-gnu/tsh" },
  ]);
  const windows = planCompile(["--target", "x86_64-pc-windows-msvc", "--output=out"], "x");
  assert.equal(windows[0]?.output, "out/x86_64-pc-windows-msvc/tsh.exe");
  assert.equal(planCompile(["--target=all"], "x").length, TARGETS.length);
});

Deno.test("planCompile() names the targets there are when one is unknown", () => {
  assert.throws(
    () => planCompile(["--target=vax"], "x"),
    /unknown target "vax"; expected one of x86/,
  );
});

Deno.test("missingRuntimeAdvice() names the target and DENORT_BIN", () => {
  assert.match(missingRuntimeAdvice("aarch64-apple-darwin"), /DENORT_BIN=.* aarch64-apple-darwin$/);
});

Deno.test("deno task compile believes no DENORT_BIN that makes another program", async () => {
  const run = async (denort: string, ...args: string[]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "cmd/dev/compile.ts", ...args],
      env: { DENORT_BIN: denort },
      stdin: "null",
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr).trim() };
  };
  const missing = await run("/nonexistent");
  assert.equal(missing.code, 2);
  assert.equal(missing.stderr, "ERROR: DENORT_BIN names /nonexistent, which is not a file");
  const all = await run("/bin/true", "--target=all");
  assert.equal(all.code, 2);
  assert.match(all.stderr, /the runtime of one target/);
  const another = await run(Deno.execPath());
  assert.equal(another.code, 1);
  assert.match(another.stderr, /^ERROR: the binary does not run: DENORT_BIN \(.*\) is not denort/);
});

Deno.test("chooseFolder() takes a folder that is on the PATH", () => {
  assert.equal(chooseFolder("/bin:/home/a/.deno/bin", "/home/a", false), "/home/a/.deno/bin");
  assert.equal(chooseFolder("/usr/local/bin:/bin", "/root", true), "/usr/local/bin");
  assert.equal(chooseFolder("/usr/local/bin:/bin", "/home/a", false), "/home/a/.local/bin");
});

Deno.test("livesInCache() knows the caches of npx and npm", () => {
  assert.ok(livesInCache("/home/a/.npm/_npx/7a/node_modules/deno/deno"));
  assert.ok(!livesInCache("/usr/local/bin/deno"));
});

Deno.test("install puts working tools in a folder, knows what is not its own, and takes them away", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey-install-" });
  const run = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "cmd/dev/install.ts", `--dir=${folder}`, ...args],
      stdin: "null",
    }).output();
  try {
    assert.ok((await run()).success);
    for (const tool of ["tsh", "tctl", "teleport"]) {
      const { success, stdout } = await new Deno.Command(`${folder}/${tool}`, { args: ["version"] })
        .output();
      assert.ok(success, tool);
      assert.match(new TextDecoder().decode(stdout), /\d+\.\d+\.\d+/);
    }
    assert.ok((await run("--uninstall")).success);
    assert.deepEqual([...Deno.readDirSync(folder)], []);

    await Deno.writeTextFile(`${folder}/tsh`, "#!/bin/sh\necho another\n");
    const refused = await run();
    assert.equal(refused.code, 1);
    assert.match(new TextDecoder().decode(refused.stderr), /tsh exists and is not ours/);
    assert.match(await Deno.readTextFile(`${folder}/tsh`), /another/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a Deno of npx is kept apart from the cluster's data directory", async () => {
  const home = await Deno.makeTempDir({ prefix: "latchkey-npx-" });
  // Packages come from the cache that is there.
  const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
  const run = (program: string, ...args: string[]) =>
    new Deno.Command(program, { args, env: { HOME: home, DENO_DIR: cache }, stdin: "null" })
      .output();
  try {
    const npx = `${home}/.npm/_npx/7a/node_modules/deno`;
    await Deno.mkdir(npx, { recursive: true });
    await Deno.copyFile(Deno.execPath(), `${npx}/deno`);
    const installed = await run(
      `${npx}/deno`,
      ...["run", "-A", "cmd/dev/install.ts", `--dir=${home}/bin`],
    );
    assert.ok(installed.success);
    await Deno.remove(`${home}/.npm`, { recursive: true });
    assert.ok((await run(`${home}/bin/tsh`, "version")).success);
    // A cluster takes an empty or missing directory only.
    await assert.rejects(Deno.stat(defaultDataDir(new ToolDeps({ homeDir: home }))), {
      name: "NotFound",
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("shimScript() survives quotes and spaces in paths", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latch key's-" });
  try {
    const echo = `${folder}/a b'c`;
    await Deno.writeTextFile(echo, `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
    const script = `${folder}/shim`;
    await Deno.writeTextFile(script, shimScript("tsh", echo, "/x y/main.ts"), { mode: 0o755 });
    const { stdout } = await new Deno.Command(script, { args: ["ls", "a  b"] }).output();
    assert.deepEqual(new TextDecoder().decode(stdout).trimEnd().split("\n").slice(-4), [
      "/x y/main.ts",
      "tsh",
      "ls",
      "a  b",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
