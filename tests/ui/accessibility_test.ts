/**
 * Every page and state, light and dark: axe's rules (WCAG 2.2 A and AA, and its own good practice), and room on small
 * screens and under enlargement. With LATCHKEY_SHOTS=<folder> each is also saved as a picture.
 */

import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { Visitor } from "../support/browser.ts";
import { Chromium } from "../support/chromium.ts";
import { InProcessCluster } from "../support/in_process_cluster.ts";
import { startCommand } from "./cluster.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds, a line each. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = JSON.stringify({ runOnly: TAGS, resultTypes: ["violations"] });
  const found = await page.evaluate(`axe.run(document, ${options})`) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`)
  );
}

/** Whether anything is wider than the window. */
async function overflows(page: Page): Promise<boolean> {
  return await page.evaluate(
    "document.documentElement.scrollWidth > document.documentElement.clientWidth",
  );
}

/** Looks at the page as it is now. */
async function inspect(visitor: Visitor, name: string): Promise<void> {
  const { page } = visitor;
  assert.deepEqual(await violations(page), [], name);
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 320, height: 640 });
  assert.equal(await overflows(page), false, `${name} at 320 px`);
  await page.setViewportSize({ width: 640, height: 640 });
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  assert.equal(await overflows(page), false, `${name} with text at 200 %`);
  await page.evaluate("document.documentElement.style.fontSize = ''");
  await page.setViewportSize({ width: 360, height: 740 });
  await visitor.picture(`${name}-phone`);
  await page.setViewportSize(size);
  await visitor.picture(`${name}-wide`);
}

for (const colorScheme of ["light", "dark"] as const) {
  Deno.test(`every page and state is accessible, ${colorScheme}`, async (t) => {
    await using cluster = await InProcessCluster.start({ clusterName: "cluster.example.com" });
    await using stack = new AsyncDisposableStack();
    const browser = stack.use(await Chromium.start());
    const alice = stack.use(await Visitor.arrive(browser, { url: cluster.url, colorScheme }));
    const { page } = alice;
    const look = (name: string): Promise<void> => inspect(alice, `${name}-${colorScheme}`);
    const link = await cluster.invite("alice");

    await t.step("invitation", async () => {
      await page.goto(link);
      await alice.heading("Welcome, alice");
      await look("invite");
      await page.getByLabel("Password", { exact: true }).fill("short");
      await page.getByLabel("Name of this key").fill("");
      await alice.press("Register security key");
      await look("invite-errors");
      await page.getByLabel("Security key alone, without a password").check();
      await look("invite-passwordless");
      await page.reload();
      await alice.acceptInvitation(link);
      await look("invite-done");
      await page.goto(link);
      await alice.heading("This invitation is no longer good");
      await look("invite-gone");
    });

    await t.step("home and not found", async () => {
      await alice.go("/web");
      await alice.heading("Signed in as alice");
      await look("home");
      await alice.go("/web/nosuch");
      await alice.heading("There is no such page");
      await look("not-found");
    });

    await t.step("headless request", async () => {
      await using command = startCommand(cluster.auth, "alice");
      await alice.key.touches(false);
      await alice.go(`/web/headless/${command.id}`);
      await alice.heading("Approve this command?");
      await look("headless-pending");
      await page.getByText("Show whole id").click();
      await look("headless-id");
      await alice.press("Approve with security key");
      await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
      await look("headless-touch");
      await alice.press("Stop waiting");
      await alice.key.touches(true);
      await alice.press("Approve with security key");
      await alice.heading("Command has been approved");
      await look("headless-approved");
      await page.reload();
      await alice.heading("Already approved");
      await look("headless-already-approved");
    });

    await t.step("headless request that ends otherwise", async () => {
      await using command = startCommand(cluster.auth, "alice");
      await alice.go(`/web/headless/${command.id}`);
      await alice.press("Reject");
      await alice.heading("Request has been rejected");
      await look("headless-rejected");
      await using other = startCommand(cluster.auth, "alice");
      await alice.go(`/web/headless/${other.id}`);
      await alice.heading("Approve this command?");
      other.stop();
      await alice.heading("The command no longer waits");
      await look("headless-withdrawn");
      await alice.go("/web/headless/00000000-0000-5000-8000-000000000000");
      await alice.heading("No such request for you");
      await look("headless-unknown");
    });

    await t.step("sign in", async () => {
      await alice.go("/web");
      await alice.press("Sign out");
      await alice.heading("Sign in to cluster.example.com");
      await look("login");
      await page.getByLabel("User name").fill("alice");
      await alice.press("Sign in with security key");
      await look("login-errors");
      await page.getByLabel("Password", { exact: true }).fill("not the password");
      await alice.press("Sign in with security key");
      await page.getByText("Name and password do not match.").waitFor();
      await look("login-wrong");
      await alice.key.touches(false);
      await alice.press("Sign in without a password");
      await page.getByRole("heading", { name: "Touch your security key" }).waitFor();
      await look("login-touch");
    });

    await t.step("trouble", async () => {
      await page.reload();
      await alice.key.touches(true);
      await page.getByLabel("User name").fill("alice");
      await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
      await alice.press("Sign in with security key");
      await alice.heading("Signed in as alice");
      await using command = startCommand(cluster.auth, "alice");
      await alice.key.clear();
      await alice.go(`/web/headless/${command.id}`);
      await alice.press("Approve with security key");
      await page.locator(".notice-problem").waitFor();
      await look("headless-problem");
      await cluster.proxy.close();
      await page.locator(".notice-warning").waitFor();
      await look("headless-lost");
    });

    assert.deepEqual(alice.faults, []);
  });
}

Deno.test("axe is there and finds what is wrong", async () => {
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await Chromium.start());
  const page = await browser.page();
  await page.setContent("<input><p style='color:#aaa;background:#fff'>faint</p>");
  const found = await violations(page);
  assert.ok(found.some((line) => line.startsWith("label: ")));
  assert.ok(found.some((line) => line.startsWith("color-contrast: ")));
});
