import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter, LogPipe } from "./log_pipe.ts";
import { PrivateDirectory } from "./private_socket.ts";

Deno.test("a log pipe gives the lines of several writers, to the last one", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using directory = await PrivateDirectory.create({ env: { get: () => undefined } });
  const lines: string[] = [];
  {
    await using pipe = LogPipe.open(directory.file("log"), (line) => lines.push(line));
    for (const word of ["one", "two"]) {
      const args = ["-c", 'printf "%s\\r\\nand more" "$1" >"$2"; printf "\\n" >"$2"', "sh", word];
      await new Deno.Command("sh", { args: [...args, pipe!.path] }).output();
    }
    await new Deno.Command("sh", { args: ["-c", 'printf last >"$1"', "sh", pipe!.path] }).output();
  }
  assert.deepEqual(lines, ["one", "and more", "two", "and more", "last"]);
});

Deno.test("a log pipe that nobody writes to ends all the same", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using directory = await PrivateDirectory.create({ env: { get: () => undefined } });
  await using pipe = LogPipe.open(directory.file("log"), () => assert.fail("a line"));
  assert.equal(Deno.statSync(pipe!.path).mode! & 0o777, 0o600);
});

Deno.test("LineSplitter gives the same lines wherever the bytes are cut", () => {
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-zé ]*$/)), fc.nat(40), (lines, size) => {
    const bytes = new TextEncoder().encode(lines.map((line) => line + "\n").join("") + "rest");
    const splitter = new LineSplitter();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size + 1) {
      found.push(...splitter.push(bytes.subarray(at, at + size + 1)));
    }
    assert.deepEqual([...found, splitter.end()], [...lines, "rest"]);
  }));
});
