/**
 * The main job as a person does it: every process real, the browser too.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Visitor } from "../support/browser.ts";
import { Chromium } from "../support/chromium.ts";
import { Cluster } from "../support/cluster.ts";

Deno.test("alice accepts her invitation and approves tsh ls in Chromium, without signing in beforehand", async () => {
  await using cluster = await Cluster.start();
  await using browser = await Chromium.start();
  const url = cluster.url;
  await using alice = await Visitor.arrive(browser, { url });
  await alice.acceptInvitation(await cluster.invite("alice", { logins: "root,alice" }));
  // Another day: no session is left, the key still is.
  await alice.context.clearCookies();
  await alice.page.evaluate("localStorage.clear()");

  const args = ["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice"];
  await using tsh = cluster.tsh(args);
  const [link] = await tsh.waitFor(/https:\S+\/web\/headless\/\S+/);
  const { page } = alice;
  await page.goto(link);
  await page.getByLabel("User name").fill("alice");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByLabel("Password", { exact: true }).press("Enter");
  await alice.heading("Approve this command?");
  await alice.press("Approve with security key");
  await alice.heading("Command has been approved");

  const { code, stdout } = await tsh.finished();
  assert.equal(code, 0);
  assert.match(stdout, /^server01 .*arch=x86_64$/m);
  assert.deepEqual(alice.faults, []);
});
