/** What was answered survives kill -9, at whatever moment it comes, and a power cut: it has been synced to the disk. */

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

/** Writes one item after another, saying so before and after. */
const COUNTED_WRITER = `
import { openSqliteBackend } from ${JSON.stringify(import.meta.resolve("./mod.ts"))};
import { realDeps } from ${JSON.stringify(import.meta.resolve("../deps/mod.ts"))};
const store = openSqliteBackend(Deno.args[0], realDeps());
const say = (text) => Deno.stdout.writeSync(new TextEncoder().encode(text));
say("writes begin");
for (let i = 0; i < 7; i++) await store.put({ key: "/serial/" + i, value: new Uint8Array(10) });
say("writes together");
await Promise.all(Array.from({ length: 500 }, (_, i) => store.put({ key: "/k/" + i, value: new Uint8Array(10) })));
say("writes end");
await store.close();
`;

Deno.test({
  name: "sqlite store syncs each write before it answers, and writes that come together at once",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${directory}/writer.ts`, COUNTED_WRITER);
      const trace = `${directory}/trace`;
      const { code, stderr } = await new Deno.Command("strace", {
        args: [
          ...["-f", "-e", "trace=write,fsync,fdatasync", "-s", "20", "-o", trace],
          ...[Deno.execPath(), "run", "-A", `${directory}/writer.ts`, `${directory}/data`],
        ],
        stdin: "null",
        stdout: "null",
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const calls = await Deno.readTextFile(trace);
      const [, serial, together] = calls.split(/write\(1, "writes (?:begin|together|end)"/);
      const syncs = (text: string) => text.match(/\bf(?:data)?sync\(/g)?.length ?? 0;
      assert.ok(syncs(serial!) >= 7, `${syncs(serial!)} syncs for 7 writes`);
      assert.ok(
        syncs(together!) >= 1 && syncs(together!) < 10,
        `${syncs(together!)} syncs together`,
      );
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
