import assert from "node:assert/strict";
import { Visitor } from "../support/browser.ts";
import { Chromium } from "../support/chromium.ts";
import { InProcessCluster } from "../support/in_process_cluster.ts";

Deno.test("the start page", async (t) => {
  await using cluster = await InProcessCluster.start();
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await Chromium.start());
  const alice = stack.use(await Visitor.arrive(browser, { url: cluster.url }));
  const { page } = alice;

  await t.step("asks strangers to sign in", async () => {
    await alice.go("/web");
    await alice.heading("Sign in to demo");
    assert.equal(await page.getByText("Your session has ended").count(), 0);
  });

  await alice.acceptInvitation(await cluster.invite("alice"));

  await t.step("says who is signed in, until when, and what to run", async () => {
    await alice.go("/web");
    await alice.heading("Signed in as alice");
    const text = await page.locator("main").innerText();
    assert.match(text, /Session ends\s+at \d\d:\d\d, in (12 hours|11 hours 59 minutes)/);
    const proxy = new URL(cluster.url).host;
    assert.ok(text.includes(`tsh ls --headless --proxy=${proxy} --user=alice`));
  });

  await t.step("a sign-out ends the session on the server, in every tab", async () => {
    const other = await alice.context.newPage();
    await other.goto(page.url());
    await other.getByRole("heading", { name: "Signed in as alice" }).waitFor();
    await alice.press("Sign out");
    await alice.heading("Sign in to demo");
    await other.reload();
    await other.getByRole("heading", { name: "Sign in to demo" }).waitFor();
    await other.close();
    assert.equal(await page.evaluate("localStorage.length"), 0);
    const cookies = (await alice.context.cookies()).map(({ name }) => name);
    assert.ok(!cookies.includes("__Host-session"));
  });

  await t.step("a browser that keeps nothing is told why the page cannot start", async () => {
    const before = `Object.defineProperty(globalThis, "localStorage", {
      get() { throw new DOMException("denied", "SecurityError"); },
    })`;
    await using strict = await Visitor.arrive(browser, { url: cluster.url, before });
    await strict.go("/web");
    await strict.heading("This page cannot start here");
  });

  await t.step(
    "a cluster that has gone is told when signing out, and nothing is lost",
    async () => {
      await page.getByLabel("User name").fill("alice");
      await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
      await alice.press("Sign in with security key");
      await alice.heading("Signed in as alice");
      await cluster.proxy.close();
      await alice.press("Sign out");
      await page.getByText("The cluster cannot be reached.").waitFor();
      assert.ok(await page.getByRole("button", { name: "Sign out" }).isVisible());
    },
  );

  assert.deepEqual(alice.faults, []);
});
