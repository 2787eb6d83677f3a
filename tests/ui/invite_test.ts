import assert from "node:assert/strict";
import { Visitor } from "../support/browser.ts";
import { Chromium } from "../support/chromium.ts";
import { InProcessCluster } from "../support/in_process_cluster.ts";

Deno.test("the invitation page", async (t) => {
  await using cluster = await InProcessCluster.start();
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await Chromium.start());
  const arrive = () => Visitor.arrive(browser, { url: cluster.url });

  const link = await cluster.invite("alice");

  await t.step("says who is invited where, and checks the password as it is typed", async () => {
    await using visitor = await arrive();
    const { page } = visitor;
    await page.goto(link);
    await visitor.heading("Welcome, alice");
    const details = await page.locator("dl").innerText();
    assert.match(
      details,
      /User\s+alice\s+Cluster\s+demo\s+Valid\s+until \d\d:\d\d, (1 hour|59 minutes) left/,
    );

    const password = page.getByLabel("Password", { exact: true });
    const met = (): Promise<number> => page.locator(".rules .met").count();
    assert.equal(await met(), 0);
    await password.fill("short");
    assert.equal(await met(), 1);
    await visitor.press("Register security key");
    assert.match(await page.locator("#password-error").innerText(), /keeps to these rules/);
    assert.equal(await password.getAttribute("aria-invalid"), "true");
    assert.equal(await page.evaluate("document.activeElement.id"), "password");

    await password.pressSequentially(" but long enough");
    assert.equal(await met(), 2);
    assert.equal(await password.getAttribute("aria-invalid"), null);
    assert.deepEqual(visitor.faults, []);
  });

  await t.step("can stop waiting for the key, and keeps what was typed", async () => {
    await using visitor = await arrive();
    const { page } = visitor;
    await visitor.key.touches(false);
    await page.goto(link);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await visitor.press("Register security key");
    await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
    await visitor.press("Stop waiting");
    const password = page.getByLabel("Password", { exact: true });
    assert.equal(await password.inputValue(), "correct horse battery");
    assert.equal(await page.locator(".notice").count(), 0, "stopping is no problem");
    assert.equal(await visitor.focused(), "Register security key");
  });

  await t.step("registers password and key, signs in, and says what next", async () => {
    await using visitor = await arrive();
    await visitor.acceptInvitation(link);
    const text = await visitor.page.locator("main").innerText();
    assert.match(text, /Your key “blue key” is registered on demo/);
    const proxy = new URL(cluster.url).host;
    assert.match(text, new RegExp(`tsh ls --headless --proxy=${proxy} --user=alice`));
    assert.match(await visitor.focused(), /^You are set up, alice/);
    await visitor.page.getByRole("link", { name: "Go to the start page" }).click();
    await visitor.heading("Signed in as alice");
    assert.deepEqual(visitor.faults, []);
  });

  await t.step("is of no use a second time, and says where to go", async () => {
    await using visitor = await arrive();
    await visitor.page.goto(link);
    await visitor.heading("This invitation is no longer good");
    await visitor.page.getByRole("link", { name: "sign in" }).click();
    await visitor.heading("Sign in to demo");
  });

  await t.step("an invitation that is used while it is open ends the page", async () => {
    const other = await cluster.invite("bob");
    await using visitor = await arrive();
    const { page } = visitor;
    await page.goto(other);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    using elsewhere = cluster.browser();
    await elsewhere.acceptInvitation(other);
    await visitor.press("Register security key");
    await visitor.heading("This invitation is no longer good");
  });

  await t.step("a passwordless person needs no password, neither now nor later", async () => {
    await using visitor = await arrive();
    const { page } = visitor;
    await page.goto(await cluster.invite("carol"));
    await page.getByLabel("Security key alone, without a password").check();
    assert.equal(await page.getByLabel("Password", { exact: true }).isVisible(), false);
    await visitor.press("Register security key");
    await visitor.heading("You are set up, carol");
    await visitor.go("/web");
    await visitor.press("Sign out");
    await visitor.heading("Sign in to demo");
    await visitor.press("Sign in without a password");
    await visitor.heading("Signed in as carol");
  });
});
