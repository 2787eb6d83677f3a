/** What tctl makes of its command line before it talks to anybody. */

import assert from "node:assert/strict";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { runTool } from "../tool.ts";
import { tctl } from "./mod.ts";

/** Runs tctl where no cluster is. */
async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<[number, string, string]> {
  const deps = new ToolDeps({ env: { XDG_DATA_HOME: "/nonexistent", ...env } });
  const code = await runTool(tctl(deps), args, deps);
  return [code, deps.out, deps.err];
}

const NOT_RUNNING = `ERROR: no cluster is running with data directory /nonexistent/latchkey
Start it with: teleport start. For another data directory use --data-dir, or -c with its teleport.yaml.
`;

Deno.test.each([
  [["users", "ls"]],
  [["users", "add", "alice", "--roles=access"]],
  [["users", "rm", "alice"]],
  [["users", "reset", "alice"]],
  [["nodes", "ls"]],
  [["rm", "node/x"]],
  [["status"]],
])("tctl %j says that no cluster is running", async (args: readonly string[]) => {
  assert.deepEqual(await run(args), [1, "", NOT_RUNNING]);
});

Deno.test("tctl looks where --data-dir, -c and TELEPORT_CONFIG_FILE say, before and after the command", async () => {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(file, "version: v3\nteleport: {data_dir: /nonexistent/from-config}\n");
  const directoryOf = async (args: readonly string[], env = {}) =>
    /directory (\S+)/.exec((await run(args, env))[2])?.[1];
  try {
    assert.equal(await directoryOf(["--data-dir", "/nonexistent/a", "status"]), "/nonexistent/a");
    assert.equal(await directoryOf(["status", "--data-dir", "/nonexistent/a"]), "/nonexistent/a");
    assert.equal(await directoryOf(["users", "ls", "--data-dir=/nonexistent/a"]), "/nonexistent/a");
    assert.equal(await directoryOf(["-c", file, "status"]), "/nonexistent/from-config");
    assert.equal(await directoryOf(["nodes", "ls", "-c", file]), "/nonexistent/from-config");
    assert.equal(
      await directoryOf(["status"], { TELEPORT_CONFIG_FILE: file }),
      "/nonexistent/from-config",
    );
    assert.equal(
      await directoryOf(["-c", file, "--data-dir=/nonexistent/a", "status"]),
      "/nonexistent/a",
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("tctl names the file, line and column of a broken configuration", async () => {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(file, "version: v3\nteleport:\n  data_dir: [a]\n");
  try {
    const [code, stdout, stderr] = await run(["-c", file, "status"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(
      stderr,
      `ERROR: ${file}:3:13: teleport.data_dir: expected a string, found a list\n`,
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test.each([
  [["users", "add", "alice"], "required option '--roles <roles>' not specified"],
  [
    ["users", "add", "a", "--roles=x", "--ttl=soon"],
    "option '--ttl <duration>' argument 'soon' is invalid. Expected a duration like 30m, 8h or 1h30m.",
  ],
  [
    ["users", "add", "a", "--roles=x", "--format=xml"],
    "option '--format <format>' argument 'xml' is invalid. Allowed choices are text, json.",
  ],
  [["users", "rm"], "missing required argument 'accounts'"],
  [["users", "rm", ","], "expected at least one name"],
  [["users", "nosuch"], "unknown command 'nosuch'"],
  [
    ["nodes", "ls", "--format=xml"],
    "option '--format <format>' argument 'xml' is invalid. Allowed choices are text, json, yaml.",
  ],
  [
    ["nodes", "ls", "env"],
    "command-argument value 'env' is invalid for argument 'labels'. Expected labels like env=prod,arch=x86_64.",
  ],
  [["rm", "x"], '"x" is not a resource, expected kind/name, for example node/NAME'],
  [["rm", "token/x"], 'deleting resources of type "token" is not supported, expected node or role'],
  [["status", "--nosuch"], "unknown option '--nosuch'"],
])("tctl %j is a mistake on the command line", async (args: readonly string[], message: string) => {
  const [code, stdout, stderr] = await run(args);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.equal(stderr.split("\n")[0], `ERROR: ${message}`);
});

Deno.test("tctl create checks the whole file before it looks for a cluster", async () => {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  const node = "kind: node\nsub_kind: openssh\nversion: v2\nspec: {addr: 'a:22', hostname: a}\n";
  const create = async (text: string) => {
    await Deno.writeTextFile(file, text);
    const [code, stdout, stderr] = await run(["create", "-f", file]);
    assert.deepEqual([code, stdout], [1, ""]);
    return stderr.replaceAll(file, "FILE");
  };
  try {
    assert.equal(await create(node), NOT_RUNNING);
    assert.equal(
      await create(`${node}---\n${node}  nosuch: 1\n`),
      "ERROR: FILE:10:1: all mapping items must start at the same column\n",
    );
    assert.equal(
      await create(`${node}---\n${node.replace("'a:22'", "a")}`),
      'ERROR: FILE:9:14: spec.addr: expected a host and a port, like 192.0.2.7:22, found "a"\n',
    );
    assert.equal(
      await create(`${node}---\nkind: user\nversion: v2\nmetadata: {name: a}\nspec: {}\n`),
      'ERROR: FILE:6:1: creating resources of type "user" is not supported, expected node or role\n',
    );
    assert.equal(await create("# nothing\n"), "ERROR: FILE is empty, expected resources\n");
    assert.equal(
      await create("a: 1\n".repeat(1_000_000)),
      "ERROR: FILE is too large: at most 1 MiB of YAML is read\n",
    );
    await Deno.writeFile(file, new Uint8Array([0xff, 0xfe]));
    assert.deepEqual(await run(["create", file]), [
      1,
      "",
      `ERROR: cannot read ${file}: it is not text in UTF-8\n`,
    ]);
  } finally {
    await Deno.remove(file);
  }
  assert.deepEqual(await run(["create", "/nonexistent.yaml"]), [
    1,
    "",
    "ERROR: cannot read /nonexistent.yaml: no such file\n",
  ]);
  assert.deepEqual(await run(["create", "/"]), [
    1,
    "",
    "ERROR: cannot read /: it is a directory\n",
  ]);
});

Deno.test("tctl version prints one line, or JSON", async () => {
  const [code, stdout, stderr] = await run(["version"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^Latchkey v\d+\.\d+\.\d+ git:\S* deno\d+\.\d+\.\d+\n$/);
  const [, json] = await run(["version", "--format=json"]);
  assert.equal(typeof JSON.parse(json).version, "string");
});
