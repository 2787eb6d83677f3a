import assert from "node:assert/strict";
import { isToolError } from "../../errors/mod.ts";
import { localArgument, parseCopyOperand } from "./copy_operand.ts";

Deno.test.each([
  ["server01:/tmp/x", "name", "/tmp/x"],
  ["alice@server01:", "name", ""],
  ["server01:a b'c\"d\ne:f", "name", "a b'c\"d\ne:f"],
  ["server01:-rf", "name", "-rf"],
  ["10.0.0.1:x", "address", "x"],
  ["root@[2001:db8::1]:x", "address", "x"],
  ["env=prod,team=web:/x", "labels", "/x"],
  ["1ecb44a4-752f-4db5-9d98-c429b761497f:~/x", "uuid", "~/x"],
])("parseCopyOperand(%j) is on a node", (text, kind, path) => {
  const operand = parseCopyOperand(text);
  assert.equal(operand.kind, "remote");
  assert.equal(operand.kind === "remote" && operand.destination.node.kind, kind);
  assert.equal(operand.path, path);
});

Deno.test.each(["x", "./a:b", "/a:b", "a/b:c", ":x", "-r", "~/x", "a b\nc"])(
  "parseCopyOperand(%j) is local",
  (text) => assert.deepEqual(parseCopyOperand(text), { kind: "local", path: text }),
);

Deno.test.each(["", "-oProxyCommand=x:/y", "a b:c", "a\0b"])(
  "parseCopyOperand(%j) is refused",
  (text) => {
    assert.throws(() => parseCopyOperand(text), (error) => isToolError(error, "usage"));
  },
);

Deno.test("localArgument() keeps scp from reading a flag or a host", () => {
  assert.equal(localArgument("-r"), "./-r");
  assert.equal(localArgument(":x"), "./:x");
  assert.equal(localArgument("a:b"), "./a:b");
  assert.equal(localArgument("./a:b"), "./a:b");
  assert.equal(localArgument("plain"), "plain");
});
