/** What was answered survives kill -9, at whatever moment it comes. */

import assert from "node:assert/strict";
import { realDeps } from "../deps/mod.ts";
import { openSqliteBackend } from "./mod.ts";

/** Writes for ever, in batches of 1 to 8, and prints the number of each write once it has been answered. */
const WRITER = `
import { openSqliteBackend } from ${JSON.stringify(import.meta.resolve("./mod.ts"))};
import { realDeps } from ${JSON.stringify(import.meta.resolve("../deps/mod.ts"))};
const store = openSqliteBackend(Deno.args[0], realDeps());
const encoder = new TextEncoder();
for (let i = Number(Deno.args[1]);;) {
  const batch = Array.from({ length: 1 + i % 8 }, () => i++);
  await Promise.all(batch.map(async (n) => {
    await store.atomicWrite([], [
      { put: { key: "/left/" + n, value: encoder.encode("value " + n) } },
      { put: { key: "/right/" + n, value: encoder.encode("value " + n) } },
    ]);
    Deno.stdout.writeSync(encoder.encode(n + "\\n"));
  }));
}
`;

Deno.test("sqlite store loses no answered write to kill -9, and keeps no half of one", async () => {
  const deps = realDeps();
  const directory = await Deno.makeTempDir();
  const program = `${directory}/writer.ts`;
  await Deno.writeTextFile(program, WRITER);
  try {
    const answered = new Set<number>();
    for (const aliveMs of [30, 90, 150]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", program, `${directory}/data`, String(answered.size * 10)],
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      let killing: ReturnType<typeof setTimeout> | undefined;
      let rest = "";
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        killing ??= setTimeout(() => child.kill("SIGKILL"), aliveMs);
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) answered.add(Number(line));
      }
      assert.equal((await child.status).signal, "SIGKILL");

      await using store = openSqliteBackend(`${directory}/data`, deps);
      const [left, right] = await Promise.all(
        ["/left/", "/right/"].map(async (prefix) =>
          new Map((await store.range(prefix)).map((item) => [
            item.key.slice(prefix.length),
            new TextDecoder().decode(item.value),
          ]))
        ),
      );
      assert.deepEqual(left, right);
      for (const n of answered) assert.equal(left!.get(String(n)), `value ${n}`);
      assert.ok(answered.size > 0);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
