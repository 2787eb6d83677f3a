import assert from "node:assert/strict";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { runTool } from "../tool.ts";
import { tsh } from "./mod.ts";

async function run(...args: string[]): Promise<{ code: number; err: string; out: string }> {
  const deps = new ToolDeps();
  const code = await runTool(tsh(deps), args, deps);
  return { code, err: deps.err, out: deps.out };
}

Deno.test("tsh headless approve, which is not here, says to open the link", async () => {
  const { code, err } = await run("headless", "approve", "--user=alice", "--proxy=p", "an-id");
  assert.equal(code, 1);
  assert.equal(
    err,
    "ERROR: this tsh has no headless command\n" +
      "Open the request's link in a browser instead, and approve it there.\n",
  );
});

Deno.test("tsh login --headless is refused in tsh's words", async () => {
  const { code, err } = await run("login", "--headless", "--proxy=p");
  assert.equal(code, 2);
  assert.match(err, /^ERROR: Headless login is not supported for this command\. Only 'tsh ls'/);
});

Deno.test("help does not offer what is not here", async () => {
  const { out } = await run("--help");
  assert.doesNotMatch(out, /^ {2}(login|status|headless|mfa) /m);
});
