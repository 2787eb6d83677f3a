import assert from "node:assert/strict";
import { realDeps } from "../../lib/deps/mod.ts";
import { fixedCertificates, startProxy } from "../../lib/proxy/mod.ts";
import { createWebCertificate } from "../../lib/keys/x509/mod.ts";
import { Visitor } from "../support/browser.ts";
import { Chromium } from "../support/chromium.ts";
import { InProcessCluster } from "../support/in_process_cluster.ts";
import { COMMAND_ADDRESS, startCommand } from "./cluster.ts";

const APPROVE = "Approve with security key";

/** A cluster, a browser, and alice signed in at it. */
async function setUp(
  stack: AsyncDisposableStack,
  options: Parameters<typeof InProcessCluster.start>[0] = {},
): Promise<{ cluster: InProcessCluster; browser: Chromium; alice: Visitor }> {
  const cluster = stack.use(await InProcessCluster.start(options));
  const browser = stack.use(await Chromium.start());
  const alice = stack.use(await Visitor.arrive(browser, { url: cluster.url }));
  await alice.acceptInvitation(await cluster.invite("alice"));
  return { cluster, browser, alice };
}

Deno.test("the page of a headless request", async (t) => {
  await using stack = new AsyncDisposableStack();
  const { cluster, alice } = await setUp(stack);
  const { page } = alice;

  await t.step("says what is asked, by whom, and for how long", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.go(`/web/headless/${command.id}`);
    await alice.heading("Approve this command?");
    const text = await page.locator("main").innerText();
    assert.ok(
      text.includes(
        `Someone has initiated a command from ${COMMAND_ADDRESS}. If it was not you, click Reject and contact your administrator.`,
      ),
    );
    assert.match(text, /If you did not just run this command, reject it\./);
    const details = await page.locator("dl").innerText();
    assert.match(details, /User\s+alice\s+From\s+203\.0\.113\.7\s+Cluster\s+demo/);
    assert.match(details, /Started\s+(just now|\d seconds? ago), at \d\d:\d\d:\d\d/);
    assert.match(details, /Time left\s+(3 minutes|2 minutes 5\d seconds), until \d\d:\d\d:\d\d/);
    assert.ok(details.includes(`${command.id.slice(0, 8)}…${command.id.slice(-6)}`));
    await page.getByText("Show whole id").click();
    assert.ok(await page.getByText(command.id, { exact: true }).isVisible());
  });

  await t.step("is safe under a stray Enter or Space, and approved by keyboard alone", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.go(`/web/headless/${command.id}`);
    await alice.heading("Approve this command?");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
    assert.ok(await page.getByRole("button", { name: APPROVE }).isVisible());

    const walk: string[] = [];
    for (let stop = 0; stop < 3; stop++) {
      await page.keyboard.press("Tab");
      walk.push(await alice.focused());
    }
    assert.match(walk[0]!, /Show whole id/);
    assert.deepEqual(walk.slice(1), [APPROVE, "Reject"]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await alice.heading("Command has been approved");
    assert.equal(await command.outcome, "approved");
    await page.getByText("You can now return to your terminal.").waitFor();
    assert.equal(await alice.focused(), "Command has been approved");
    assert.match(await page.title(), /^Approved · demo/);
  });

  await t.step("shows afterwards when and with which key it was approved", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.go(`/web/headless/${command.id}`);
    await alice.press(APPROVE);
    await alice.heading("Command has been approved");
    await page.reload();
    await alice.heading("Already approved");
    await page.getByText(/approved at \d\d:\d\d:\d\d with your key “blue key”/).waitFor();
  });

  await t.step("rejects without a key", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.go(`/web/headless/${command.id}`);
    await alice.press("Reject");
    await alice.heading("Request has been rejected");
    assert.equal(await command.outcome, "access_denied");
  });

  await t.step("can stop waiting for the key, then reject while it is awaited", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.key.touches(false);
    await alice.go(`/web/headless/${command.id}`);
    await alice.press(APPROVE);
    await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
    assert.equal(await alice.focused(), "Touch your security key");
    await alice.press("Stop waiting");
    assert.equal(await alice.focused(), APPROVE);
    await alice.press(APPROVE);
    await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
    await alice.press("Reject");
    await alice.heading("Request has been rejected");
    await alice.key.touches(true);
    assert.equal(await command.outcome, "access_denied");
  });

  await t.step("says within a second that the command went away, even at the key", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.key.touches(false);
    await alice.go(`/web/headless/${command.id}`);
    await alice.press(APPROVE);
    await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
    const started = performance.now();
    command.stop();
    await alice.heading("The command no longer waits");
    const took = performance.now() - started;
    await alice.key.touches(true);
    assert.ok(took < 1000, `${took} ms`);
    assert.equal(await alice.focused(), "The command no longer waits");
  });

  await t.step("another tab follows, and stops asking for the key", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.key.touches(false);
    await alice.go(`/web/headless/${command.id}`);
    await alice.press(APPROVE);
    await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
    const other = await alice.context.newPage();
    await other.goto(page.url());
    await other.getByRole("button", { name: "Reject" }).click();
    await other.getByRole("heading", { name: "Request has been rejected" }).waitFor();
    await alice.heading("Already rejected");
    await page.getByText("in another window or another program").waitFor();
    assert.equal(await page.getByText("Touch your security key").count(), 0);
    await other.close();
    await alice.key.touches(true);
  });

  await t.step("an unknown request and somebody else's look the same, and lead on", async () => {
    await using command = startCommand(cluster.auth, "bob");
    for (const id of [command.id, "00000000-0000-5000-8000-000000000000"]) {
      await alice.go(`/web/headless/${id}`);
      await page.getByRole("heading", { name: "No such request for you" }).waitFor({
        timeout: 15_000,
      });
    }
    await alice.press("Sign in as someone else");
    await alice.heading("Sign in to demo");
    assert.match(page.url(), /redirect_uri=%2Fweb%2Fheadless%2F/);
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await alice.press("Sign in with security key");
    await page.waitForURL(/\/web\/headless\//);
  });

  await t.step("a session that has ended: sign in again, come back, approve", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.go(`/web/headless/${command.id}`);
    await alice.heading("Approve this command?");
    await alice.context.clearCookies({ name: "__Host-session" });
    await alice.press(APPROVE);
    await page.getByText("Your session has ended. Sign in again to answer the request").waitFor();
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await alice.press("Sign in with security key");
    await alice.press(APPROVE);
    await alice.heading("Command has been approved");
    assert.equal(await command.outcome, "approved");
  });

  await t.step("a key that is not hers is told in words; the request still waits", async () => {
    await using command = startCommand(cluster.auth, "alice");
    await alice.key.clear();
    await alice.go(`/web/headless/${command.id}`);
    await alice.press(APPROVE);
    await page.getByText("The key was not used in time, or the prompt was closed.").waitFor();
    assert.match(await alice.focused(), /^The key was not used in time/);
    await alice.press("Reject");
    await alice.heading("Request has been rejected");
  });

  assert.deepEqual(alice.faults, []);
});

Deno.test("a browser without WebAuthn shows the request and can reject it", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, alice } = await setUp(stack);
  await using command = startCommand(cluster.auth, "alice");
  await alice.context.addInitScript("delete globalThis.PublicKeyCredential");
  await alice.go(`/web/headless/${command.id}`);
  await alice.page.getByText("This browser cannot use security keys.").waitFor();
  const approve = alice.page.getByRole("button", { name: APPROVE });
  assert.equal(await approve.getAttribute("aria-disabled"), "true");
  await approve.click({ force: true });
  await alice.press("Reject");
  await alice.heading("Request has been rejected");
});

Deno.test("a lost connection is said and made anew, and the request can be approved", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, alice } = await setUp(stack);
  const { page } = alice;
  await using command = startCommand(cluster.auth, "alice");
  await alice.go(`/web/headless/${command.id}`);
  await alice.heading("Approve this command?");

  await cluster.proxy.close();
  await page.getByText("Connection lost, trying again", { exact: true }).waitFor();
  const approve = page.getByRole("button", { name: APPROVE });
  assert.equal(await approve.getAttribute("aria-disabled"), "true");
  assert.equal(await page.locator("#announcer").innerText(), "Connection lost, trying again.");
  assert.ok(await page.getByText(COMMAND_ADDRESS).first().isVisible(), "the details stay");

  const certificate = await createWebCertificate({ nowMs: Date.now() }, realDeps());
  await using _proxy = await startProxy({
    auth: cluster.auth,
    listen: { hostname: "127.0.0.1", port: cluster.port },
    publicAddr: "localhost",
    certificates: fixedCertificates([certificate]),
    deps: realDeps(),
  });
  await page.getByText("Connection lost, trying again", { exact: true })
    .waitFor({ state: "detached", timeout: 20_000 });
  await alice.press(APPROVE);
  await alice.heading("Command has been approved");
  assert.equal(await command.outcome, "approved");
  await alice.page.close();
});

Deno.test("a server whose clock differs by an hour shows right durations", async () => {
  await using stack = new AsyncDisposableStack();
  const real = realDeps();
  const clock = { ...real.clock, now: () => real.clock.now() + 3_600_000 };
  const { cluster, alice } = await setUp(stack, { deps: { clock, random: real.random } });
  await using command = startCommand(cluster.auth, "alice");
  await alice.go(`/web/headless/${command.id}`);
  await alice.heading("Approve this command?");
  const details = await alice.page.locator("dl").innerText();
  assert.match(details, /Started\s+(just now|\d seconds? ago)/);
  assert.match(details, /Time left\s+(3 minutes|2 minutes 5\d seconds)/);
});

Deno.test("the last half minute stands out, is announced, and the page ends it by itself as expired", async () => {
  await using stack = new AsyncDisposableStack();
  const real = realDeps();
  let aheadMs = 0;
  const clock = { ...real.clock, now: () => real.clock.now() + aheadMs };
  const { cluster, alice } = await setUp(stack, { deps: { clock, random: real.random } });
  const { page } = alice;
  await using command = startCommand(cluster.auth, "alice");
  await alice.go(`/web/headless/${command.id}`);
  await alice.heading("Approve this command?");
  aheadMs = 168_000;
  await page.reload();
  await page.getByText(/^Only \d+ seconds, until/).waitFor();
  assert.equal(await page.locator(".left-last").count(), 1);
  await page.getByText("10 seconds left to answer.").waitFor({ state: "attached" });
  await page.getByRole("heading", { name: "The request has expired" }).waitFor({ timeout: 20_000 });
  assert.match(await page.locator("main").innerText(), /Nothing was approved/);
});

Deno.test("too many looks are told, and looking again works when the time has come", async () => {
  await using stack = new AsyncDisposableStack();
  const { cluster, alice } = await setUp(stack, {
    authLimits: { headlessLooksPerUser: { burst: 1, refillMs: 3000 } },
  });
  await using command = startCommand(cluster.auth, "alice");
  await alice.go(`/web/headless/${command.id}`);
  await alice.heading("Approve this command?");
  await alice.page.reload();
  await alice.heading("Too many tries");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await alice.press("Look again");
  await alice.heading("Approve this command?");
});
