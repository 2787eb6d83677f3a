import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_deps.ts";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { headlessPrompt, showWaiting } from "./prompt.ts";

const ID = "86172f78-af7c-5935-a7c1-ed06b94f17dc";
const PROMPT = {
  webAddress: "proxy.example.com:3080",
  proxy: "proxy.example.com",
  user: "alice",
  id: ID,
};

Deno.test("headlessPrompt() says what the guide says, with the proxy as typed", () => {
  assert.equal(
    headlessPrompt(PROMPT),
    `Complete headless authentication in your local web browser:

https://proxy.example.com:3080/web/headless/${ID}

or execute this command in your local terminal:

tsh headless approve --user=alice --proxy=proxy.example.com ${ID}

`,
  );
});

Deno.test("headlessPrompt() shows a command that a shell takes as it is meant", () => {
  const command = (fields: Partial<typeof PROMPT>) =>
    headlessPrompt({ ...PROMPT, ...fields }).split("\n")[6];
  assert.equal(
    command({ proxy: "[::1]:3080", user: "alice@example.com" }),
    `tsh headless approve --user=alice@example.com --proxy='[::1]:3080' ${ID}`,
  );
  assert.equal(
    command({ user: "a b; $(rm -rf ~) 'x'" }),
    `tsh headless approve --user='a b; $(rm -rf ~) '\\''x'\\''' --proxy=proxy.example.com ${ID}`,
  );
  assert.equal(
    command({ user: "a\x1b[2J" }),
    `tsh headless approve --user='a\\u001b[2J' --proxy=proxy.example.com ${ID}`,
  );
});

Deno.test("showWaiting() counts down on a terminal and leaves nothing behind", async () => {
  const clock = new FakeClock();
  const deps = new ToolDeps({ columns: 80, clock });
  {
    await using _waiting = showWaiting(deps, 180_000);
    await deps.waitForErr(/3:00 left/);
    clock.advance(61_500);
    await deps.waitForErr(/1:59 left/);
  }
  assert.ok(deps.err.endsWith("\r\x1b[K"));
});

Deno.test("showWaiting() fits a narrow terminal", async () => {
  const deps = new ToolDeps({ columns: 20 });
  {
    await using _waiting = showWaiting(deps, 180_000);
  }
  assert.equal(deps.err, "\r\x1b[KWaiting for appro\r\x1b[K");
});

Deno.test("showWaiting() is silent where nobody looks", async () => {
  const deps = new ToolDeps();
  {
    await using _waiting = showWaiting(deps, 180_000);
  }
  assert.equal(deps.err, "");
});
