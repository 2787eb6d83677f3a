import assert from "node:assert/strict";
import { answerJson, HttpsServer, pingBody } from "./tests/support/https_server.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const RUN = ["run", "--quiet", "--no-check", "--allow-all", MAIN];

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the program under a name, as a link to it would. */
async function runAs(name: string, args: string[]): Promise<Ran> {
  const script = 'exec -a "$0" "$@"';
  const output = await new Deno.Command("bash", {
    args: ["-c", script, name, Deno.execPath(), ...RUN, ...args],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, out: text(output.stdout), err: text(output.stderr) };
}

Deno.test.each([
  ["deno", [], "tsh"],
  ["deno", ["tsh"], "tsh"],
  ["deno", ["tctl"], "tctl"],
  ["deno", ["teleport"], "teleport"],
  ["tctl", [], "tctl"],
  ["/usr/local/bin/teleport", [], "teleport"],
])("called as %s with %o the program is %s", async (name, words, tool) => {
  const { code, out, err } = await runAs(name, [...words, "help"]);
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.match(out, new RegExp(`^Usage: ${tool} `));
});

Deno.test("tsh version prints one line", async () => {
  const { code, out, err } = await runAs("tsh", ["version"]);
  assert.match(out, /^Latchkey v\d+\.\d+\.\d+ git:\S* deno\d+\.\d+\.\d+\n$/);
  assert.deepEqual([code, err], [0, ""]);
});

Deno.test("tsh version prints data for scripts", async () => {
  const json = JSON.parse((await runAs("tsh", ["version", "--format=json"])).out);
  assert.deepEqual(Object.keys(json), ["version", "gitref", "runtime"]);
  const yaml = (await runAs("tsh", ["version", "--format=yaml"])).out;
  assert.match(yaml, new RegExp(`\nversion: ${json.version}\n$`));
});

Deno.test("tsh version refuses --headless, which it cannot use", async () => {
  const { code, out, err } = await runAs("tsh", ["version", "--headless"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /^ERROR: Headless login is not supported for this command\. Only 'tsh ls'/);
});

Deno.test.each([["SIGINT", 130], ["SIGTERM", 143]] as const)(
  "tsh ls --headless ends on %s with status %d, and hangs up",
  async (signal, status) => {
    const waiting = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    await using server = await HttpsServer.start((request, response) => {
      if (request.method === "GET") return answerJson(response, 200, pingBody());
      request.socket.on("close", () => gone.resolve());
      waiting.resolve();
    });
    const address = `--proxy=${server.address}`;
    const child = new Deno.Command(Deno.execPath(), {
      args: [...RUN, "ls", "--headless", "--insecure", "--mlock=off", address, "--user=alice"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await waiting.promise;
    child.kill(signal);
    await gone.promise;
    const { code, stdout, stderr } = await child.output();
    assert.equal(code, status);
    assert.equal(stdout.length, 0);
    const words = `ERROR: interrupted by ${signal}\nThe headless request is withdrawn.\n`;
    assert.ok(new TextDecoder().decode(stderr).endsWith(words));
  },
);

Deno.test("a reader that has gone ends the program as SIGPIPE does, without a word", async () => {
  const pipeline = '"$@" | true; echo "${PIPESTATUS[0]}"';
  const output = await new Deno.Command("bash", {
    args: ["-c", pipeline, "bash", Deno.execPath(), ...RUN, "completion", "zsh"],
    stdin: "null",
  }).output();
  assert.equal(new TextDecoder().decode(output.stdout), "141\n");
  assert.equal(new TextDecoder().decode(output.stderr), "");
});
