import { Command } from "commander";
import assert from "node:assert/strict";
import { ToolError } from "../../../lib/errors/mod.ts";
import { ToolDeps, type ToolDepsOptions } from "../../../tests/support/tool_deps.ts";
import { runTool } from "../../tool.ts";
import { addSharedFlags } from "../flags.ts";
import { scpCommand } from "../scp/mod.ts";
import type { SessionOptions } from "../session.ts";
import { sshCommand } from "./mod.ts";

interface Ran {
  code: number;
  err: string;
  /** What the login was asked with; absent when it did not come to that. */
  asked: Record<string, unknown> | undefined;
}

/** Runs `tsh ssh` or `tsh scp` up to the login, which fails. */
async function upToLogin(args: string[], options: ToolDepsOptions = {}): Promise<Ran> {
  const env = { PATH: Deno.env.get("PATH")!, ...options.env };
  const deps = new ToolDeps({ osUser: "me", ...options, env });
  let asked: Record<string, unknown> | undefined;
  const open = (given: SessionOptions) => {
    asked = { ...given };
    return Promise.reject(new ToolError("rejected", "no login in this test"));
  };
  const program = addSharedFlags(new Command("tsh").enablePositionalOptions());
  program.addCommand(sshCommand(deps, open)).addCommand(scpCommand(deps, open));
  const code = await runTool(program, args, deps);
  return { code, err: deps.err, asked };
}

/** Exit status of a login that was rejected. */
const rejected = 3;

Deno.test("flags after the host belong to the remote command", async () => {
  const { asked, code } = await upToLogin([
    ...["--proxy", "p", "ssh", "-tt", "-l", "root", "--user=alice", "host"],
    ...["ls", "-la", "--proxy", "x", "-t", "--", "-o", "ProxyCommand=x"],
  ]);
  assert.equal(code, rejected);
  assert.equal(asked!["destination"], "host");
  assert.deepEqual(asked!["command"], [
    "ls",
    "-la",
    "--proxy",
    "x",
    "-t",
    "--",
    "-o",
    "ProxyCommand=x",
  ]);
  assert.deepEqual(asked!["switches"], ["-t", "-t"]);
  assert.deepEqual([asked!["proxy"], asked!["login"], asked!["user"]], ["p", "root", "alice"]);
});

Deno.test("a -- before the remote command is not part of it", async () => {
  const { asked } = await upToLogin(["ssh", "host", "--", "-x", "--"]);
  assert.deepEqual(asked!["command"], ["-x", "--"]);
});

Deno.test("flags can be joined and repeated, and forwards keep their order", async () => {
  const { asked } = await upToLogin([
    ...["ssh", "-NTnC", "-L8080:a:80", "-R", "1:b:2", "-D1080", "-L", "9:c:9"],
    ...["-oCompression=yes", "-o", "setenv A=b", "-p22", "host"],
  ]);
  assert.deepEqual(asked!["switches"], ["-T", "-n", "-N", "-C"]);
  assert.deepEqual(asked!["forwards"], [
    { flag: "-L", value: "8080:a:80" },
    { flag: "-R", value: "1:b:2" },
    { flag: "-D", value: "1080" },
    { flag: "-L", value: "9:c:9" },
  ]);
  assert.deepEqual(asked!["options"], ["Compression=yes", "setenv A=b"]);
  assert.deepEqual([asked!["port"], asked!["forwardAgent"]], ["22", false]);
});

Deno.test.each<[string[], RegExp]>([
  [["ssh"], /missing required argument/],
  [["ssh", "-F", "x", "host"], /unknown option '-F'/],
  [["ssh", "-G", "host"], /unknown option '-G'/],
  [["ssh", "-o", "ProxyCommand=x", "host"], /the option ProxyCommand is not allowed here/],
  [["ssh", "-o", "User=x", "host"], /the option User is not allowed here/],
  [["ssh", "-o", "ForwardAgent=perhaps", "host"], /ForwardAgent has the value "perhaps"/],
  [["ssh", "-L", "a\nb", "host"], /-L has the value/],
  [["ssh", "-p", "x", "host"], /--port has the value "x"/],
  [["ssh", "a b@host"], /"a b" cannot be a login/],
  [["ssh", "-l", "-oX", "host"], /"-oX" cannot be a login/],
  [["ssh", "--", "-host"], /begins with a dash/],
  [["ssh", "a=b=c"], /cannot read labels "a=b=c"/],
  [["scp", "a"], /at least two places/],
  [["scp", "-S", "x", "a", "b:"], /unknown option '-S'/],
  [["scp", "-o", "Include=x", "/dev/null", "b:"], /the option Include is not allowed here/],
  [["scp", "-l", "a:b", "/dev/null", "b:"], /"a:b" cannot be a login/],
])("%j is refused before anybody is asked", async (args, message) => {
  const { code, err, asked } = await upToLogin(args);
  assert.equal(code, 2);
  assert.match(err, message);
  assert.equal(asked, undefined);
});

Deno.test("tsh scp hands on what it was asked", async () => {
  const places = ["/dev/null", "one:x", "root@two:", "."];
  const { asked, code } = await upToLogin(["scp", "-rpqC", "-P22", ...places]);
  assert.equal(code, rejected);
  assert.deepEqual(asked!["places"], places);
  assert.deepEqual(
    ["recursive", "preserve", "quiet", "compress", "port"].map((name) => asked![name]),
    [true, true, true, true, "22"],
  );
});

Deno.test("without an operating system's user a login must be named", async () => {
  const { code, err } = await upToLogin(["ssh", "host"], { osUser: undefined });
  assert.equal(code, 2);
  assert.match(err, /the login on host is not known\nName it: login@host, or --login\./);
});
