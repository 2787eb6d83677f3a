import assert from "node:assert/strict";
import { Command } from "commander";
import { ToolDeps, type ToolDepsOptions } from "../tests/support/tool_deps.ts";
import { InterruptedError, ToolError } from "../lib/errors/mod.ts";
import { runTool } from "./tool.ts";

/** A tool whose one command does `action`. */
function toolWith(action: () => void | Promise<void>): Command {
  const program = new Command("tsh").description("A tool.").enablePositionalOptions();
  program.addCommand(
    new Command("do").description("Do it.").option("-d, --debug", "say more").action(action),
  );
  program.addCommand(
    new Command("group").addCommand(new Command("inner").description("Inside.").action(() => {})),
  );
  return program;
}

async function run(
  args: readonly string[],
  action: () => void | Promise<void> = () => {},
  options: ToolDepsOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const deps = new ToolDeps(options);
  const code = await runTool(toolWith(action), args, deps);
  return { code, out: deps.out, err: deps.err };
}

Deno.test("runTool() runs a command and is silent itself", async () => {
  let ran = 0;
  assert.deepEqual(await run(["do"], () => void ran++), { code: 0, out: "", err: "" });
  assert.equal(ran, 1);
});

Deno.test("runTool() prints help that was asked for on stdout", async () => {
  for (const args of [["--help"], ["help"], ["do", "--help"], ["help", "do"]]) {
    const { code, out, err } = await run(args);
    assert.equal(code, 0, args.join(" "));
    assert.match(out, /^Usage: tsh/);
    assert.equal(err, "");
  }
});

Deno.test("runTool() prints help on stderr when nothing was asked", async () => {
  for (const args of [[], ["group"]]) {
    const { code, out, err } = await run(args);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.match(err, /^Usage: tsh/);
  }
});

Deno.test.each([
  [["nosuch"], /^ERROR: unknown command 'nosuch'\nSee: tsh --help\n$/],
  [["dp"], /^ERROR: unknown command 'dp'\n\(Did you mean do\?\)\nSee: tsh --help\n$/],
  [["do", "--nosuch"], /^ERROR: unknown option '--nosuch'\n/],
  [["do", "more"], /^ERROR: too many arguments for 'do'/],
  [["completion", "tcsh"], /^ERROR: .*'tcsh' is invalid.*Allowed choices are bash, zsh, fish\./],
])("runTool(%o) is a mistake on the command line", async (args, words) => {
  const { code, out, err } = await run(args);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, words);
});

Deno.test("runTool() says what went wrong and what to do, and exits with the error's status", async () => {
  const failed = await run(["do"], () => {
    throw new ToolError("rejected", "it was rejected", {
      hint: "Ask again.",
      cause: new Error("x"),
    });
  });
  assert.deepEqual(failed, {
    code: 3,
    out: "",
    err: "ERROR: it was rejected\nAsk again.\n",
  });
  const limited = await run(["do"], () => {
    throw new ToolError("limit_exceeded", "too many", { retryAfterSeconds: 41.2 });
  });
  assert.deepEqual(limited, { code: 1, out: "", err: "ERROR: too many\nTry again in 42 s.\n" });
});

Deno.test("runTool() shows the causes with --debug or TELEPORT_DEBUG, and nothing of them without", async () => {
  const action = () => {
    const root = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    throw new ToolError("connection", "cannot connect", {
      cause: new ToolError("connection", "dial failed", { cause: root }),
    });
  };
  const causes = "ERROR: cannot connect\ncode: connection\ncaused by: ToolError [connection]: " +
    "dial failed\ncaused by: Error [ECONNREFUSED]: connect ECONNREFUSED\n";
  assert.equal((await run(["do", "-d"], action)).err, causes);
  assert.equal((await run(["do"], action, { env: { TELEPORT_DEBUG: "1" } })).err, causes);
  assert.equal((await run(["do"], action)).err, "ERROR: cannot connect\n");
});

Deno.test("runTool() calls what nobody foresaw a defect, with its stack in --debug", async () => {
  const action = () => {
    throw new TypeError("x is not a function");
  };
  const short = await run(["do"], action);
  assert.equal(short.code, 1);
  assert.match(short.err, /^ERROR: internal error: x is not a function\nThis is a defect\./);
  assert.doesNotMatch(short.err, /tool_test\.ts/);
  assert.match((await run(["do", "--debug"], action)).err, /tool_test\.ts/);
});

Deno.test("runTool() ends as shells expect of a tool that was told to", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    const ran = await run(["do"], () => Promise.reject(new InterruptedError(signal)));
    assert.deepEqual(ran, { code, out: "", err: `ERROR: interrupted by ${signal}\n` });
  }
});

Deno.test("runTool() paints only the word ERROR, only on a terminal, and not against the person's wish", async () => {
  const action = () => {
    throw new ToolError("internal", "boom");
  };
  assert.equal((await run(["do"], action, { columns: 80 })).err, "\x1b[31mERROR:\x1b[0m boom\n");
  for (const [name, value] of [["NO_COLOR", "1"], ["TERM", "dumb"]] as const) {
    const env = { [name]: value };
    assert.equal((await run(["do"], action, { columns: 80, env })).err, "ERROR: boom\n");
  }
});

Deno.test("runTool() lets no message from elsewhere steer the terminal", async () => {
  const { err } = await run(["do", "-d"], () => {
    throw new ToolError("internal", "a\x1b[2Jb", { hint: "c\x07", cause: new Error("d\x9b") });
  });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

Deno.test("runTool() keeps a chain of causes that bites its tail from running forever", async () => {
  const error = new Error("a");
  error.cause = error;
  const { err } = await run(["do", "-d"], () => {
    throw new ToolError("connection", "x", { cause: error });
  });
  assert.ok(err.split("\n").length < 20);
});

Deno.test("runTool() gives every tool completions", async () => {
  const script = await run(["completion", "bash"]);
  assert.match(script.out, /complete -o default -F _tsh_complete tsh\n$/);
  const words = await run(["complete", "--", "d"]);
  assert.deepEqual(words, { code: 0, out: "do\tDo it\n", err: "" });
});
