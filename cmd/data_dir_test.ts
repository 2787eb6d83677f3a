import assert from "node:assert/strict";
import {
  defaultDataDir,
  readRuntimeFacts,
  removeRuntimeFacts,
  RUNTIME_FILE,
  writeRuntimeFacts,
} from "./data_dir.ts";

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function machine(env: Record<string, string>, home?: string): Parameters<typeof defaultDataDir>[0] {
  return {
    env: { get: (name) => env[name] },
    process: {
      homeDir: () => home,
      osUser: () => undefined,
      interrupted: () => new AbortController().signal,
      onHangup: () => ({ [Symbol.dispose]: () => {} }),
    },
  };
}

Deno.test("defaultDataDir() follows the XDG base directories", () => {
  assert.equal(defaultDataDir(machine({ XDG_DATA_HOME: "/data" }, "/home/a")), "/data/latchkey");
  assert.equal(defaultDataDir(machine({}, "/home/a")), "/home/a/.local/share/latchkey");
  assert.throws(() => defaultDataDir(machine({})), { code: "usage" });
});

Deno.test("runtime facts are read as written, private, and gone when taken away", () =>
  withDirectory(async (directory) => {
    const facts = { pid: 7, address: "127.0.0.1:3080", clusterName: "demo" };
    await writeRuntimeFacts(directory, { ...facts, pid: 6 });
    await writeRuntimeFacts(directory, facts);
    assert.deepEqual(await readRuntimeFacts(directory), facts);
    const names = await Array.fromAsync(Deno.readDir(directory), ({ name }) => name);
    assert.deepEqual(names, [RUNTIME_FILE]);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(`${directory}/${RUNTIME_FILE}`)).mode! & 0o777, 0o600);
    }
    await removeRuntimeFacts(directory);
    await removeRuntimeFacts(directory);
    await assert.rejects(readRuntimeFacts(directory), {
      code: "connection",
      message: `no cluster is running with data directory ${directory}`,
    });
  }));

Deno.test("readRuntimeFacts() says that no cluster runs where there is no directory", async () => {
  await assert.rejects(readRuntimeFacts("/nonexistent/latchkey"), { code: "connection" });
});

Deno.test.each([
  "",
  "{",
  "[]",
  '{"pid":1}',
  '{"pid":-1,"address":"a:1","clusterName":"c"}',
  "x".repeat(70_000),
])(
  "readRuntimeFacts() refuses a damaged file: %.20j",
  (text: string) =>
    withDirectory(async (directory) => {
      await Deno.writeTextFile(`${directory}/${RUNTIME_FILE}`, text);
      await assert.rejects(readRuntimeFacts(directory), { code: "bad_parameter" });
    }),
);
