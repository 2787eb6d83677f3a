import assert from "node:assert/strict";
import { whichTool } from "./which_tool.ts";

Deno.test.each([
  ["deno", ["ls"], "tsh", ["ls"]],
  ["deno", [], "tsh", []],
  ["deno", ["tsh", "ls"], "tsh", ["ls"]],
  ["deno", ["tctl", "users", "ls"], "tctl", ["users", "ls"]],
  ["deno", ["teleport", "start"], "teleport", ["start"]],
  ["/usr/local/bin/tsh", ["ls"], "tsh", ["ls"]],
  ["/usr/local/bin/tctl", ["users", "ls"], "tctl", ["users", "ls"]],
  ["tctl", ["teleport"], "tctl", ["teleport"]],
  ["C:\\tools\\teleport.exe", ["start"], "teleport", ["start"]],
  ["./tctl.EXE", ["get"], "tctl", ["get"]],
  ["/opt/tctl/latchkey", ["version"], "tsh", ["version"]],
])("whichTool(%o, %o) is %s", (calledAs, args, tool, rest) => {
  assert.deepEqual(whichTool(calledAs, args), { tool, args: rest });
});
