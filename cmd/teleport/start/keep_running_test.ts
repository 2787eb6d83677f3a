import assert from "node:assert/strict";

const PROGRAM = `
import { startLogging } from ${JSON.stringify(import.meta.resolve("./logging.ts"))};
import { keepRunning } from ${JSON.stringify(import.meta.resolve("./keep_running.ts"))};
import { realDeps } from ${JSON.stringify(import.meta.resolve("../../../lib/deps/mod.ts"))};
await using _log = await startLogging({ severity: "info", format: "text" }, realDeps());
{
  using _ = keepRunning();
  Promise.reject(new Error("a rejection"));
  setTimeout(() => { throw new Error("a throw"); });
  await new Promise((wake) => setTimeout(wake, 20));
  console.log("still here");
}
Promise.reject(new Error("the last one"));
await new Promise((wake) => setTimeout(wake, 20));
console.log("never said");
`;

Deno.test("keepRunning() logs what nobody catches and goes on, until it is disposed of", async () => {
  const program = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(program, PROGRAM);
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const output = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", config, program],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    assert.equal(stdout, "still here\n");
    assert.match(
      stderr!,
      /ERROR \[teleport\] defect, please report: an error reached nobody: a rejection Error/,
    );
    assert.match(
      stderr!,
      /ERROR \[teleport\] defect, please report: an error reached nobody: a throw Error/,
    );
    assert.equal(output.code, 1);
  } finally {
    await Deno.remove(program);
  }
});
