import assert from "node:assert/strict";
import { realDeps } from "../../deps/mod.ts";
import { NodeDirectory } from "../directory.ts";
import { tryPrincipalsCommand, writePrincipalsCommand } from "../principals_command.ts";

/** A node's directory whose name needs care in shells and in lists of paths. */
async function inDirectory(test: (directory: NodeDirectory) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey-it's a, node %u-" });
  try {
    const directory = await NodeDirectory.open(`${folder}/node`);
    await writePrincipalsCommand(directory, realDeps());
    await test(directory);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the script says, run with the environment that sshd gives to its commands. */
async function ask(directory: NodeDirectory, ...args: string[]): Promise<[number, string, string]> {
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: [directory.principals, ...args],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return [code, text(stdout), text(stderr)];
}

Deno.test("the helper runs with the rights that it has, answers nothing, and writes down why", () =>
  inDirectory(async (directory) => {
    await tryPrincipalsCommand(directory);
    await directory.write(directory.policy, "{}");
    assert.deepEqual(await ask(directory, "root", "AAAA"), [0, "", ""]);
    const lines = (await Deno.readTextFile(directory.decisions)).trim().split("\n");
    assert.deepEqual(lines.map((line) => JSON.parse(line).reason), [
      "policy_unusable",
      "policy_unusable",
    ]);
  }));

Deno.test("the helper answers nothing to a call that is not sshd's", () =>
  inDirectory(async (directory) => {
    for (const args of [[], ["root"], ["root", "AAAA", "more"]]) {
      const [code, stdout] = await ask(directory, ...args);
      assert.deepEqual([code, stdout], [2, ""]);
    }
  }));

Deno.test("the directory is for its owner alone, and a full file of decisions stays as it is", () =>
  inDirectory(async (directory) => {
    assert.equal((await Deno.stat(directory.path)).mode! & 0o777, 0o700);
    assert.equal((await Deno.stat(directory.principals)).mode! & 0o777, 0o700);
    await Deno.writeTextFile(directory.decisions, "x".repeat(1024 * 1024 + 1));
    assert.deepEqual(await ask(directory, "root", "AAAA"), [0, "", ""]);
    assert.equal((await Deno.stat(directory.decisions)).size, 1024 * 1024 + 1);
  }));

Deno.test("a script that does not run is found out at the start", () =>
  inDirectory(async (directory) => {
    for (const body of ["exit 1", 'echo "$1"', "exec /nonexistent/deno"]) {
      await Deno.writeTextFile(directory.principals, `#!/bin/sh\n${body}\n`);
      await assert.rejects(tryPrincipalsCommand(directory), {
        code: "internal",
        message: /^the command that decides who may log in does not run: /,
      });
    }
  }));
