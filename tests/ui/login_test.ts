import assert from "node:assert/strict";
import { Visitor } from "../support/browser.ts";
import { Chromium } from "../support/chromium.ts";
import { InProcessCluster } from "../support/in_process_cluster.ts";

Deno.test("the sign-in page", async (t) => {
  await using cluster = await InProcessCluster.start();
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await Chromium.start());
  const alice = stack.use(await Visitor.arrive(browser, { url: cluster.url }));
  const { page } = alice;
  await alice.acceptInvitation(await cluster.invite("alice"));

  const signIn = async (password: string): Promise<void> => {
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await alice.press("Sign in with security key");
  };

  await t.step("is passed over by whoever is signed in", async () => {
    await alice.go("/web/login?redirect_uri=/web");
    await alice.heading("Signed in as alice");
  });

  await t.step("starts at the name, and says what is missing", async () => {
    await alice.press("Sign out");
    await alice.heading("Sign in to demo");
    assert.equal(await page.evaluate("document.activeElement.id"), "username");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#username-error").innerText(), "Type your user name.");
    assert.equal(await page.locator("#password-error").innerText(), "Type your password.");
  });

  await t.step("tells password managers what is what", async () => {
    const name = page.getByLabel("User name");
    assert.equal(await name.getAttribute("autocomplete"), "username webauthn");
    const password = page.getByLabel("Password", { exact: true });
    assert.equal(await password.getAttribute("autocomplete"), "current-password");
  });

  await t.step("a wrong password is told in words that take the focus", async () => {
    await signIn("not the password");
    await page.getByText("Name and password do not match.").waitFor();
    assert.match(await alice.focused(), /^Name and password do not match/);
    assert.equal(await page.getByLabel("User name").inputValue(), "alice", "nothing is lost");
  });

  await t.step("password and key sign in, and lead back to where one came from", async () => {
    const target = "/web/headless/86172f78-af7c-5935-a7c1-ed06b94f17dc";
    await alice.go(target);
    await alice.heading("Sign in to demo");
    await page.getByText("Sign in to see the request that is waiting for you.").waitFor();
    await signIn("correct horse battery");
    await page.waitForURL(cluster.url + target);
  });

  await t.step("never leads to another site", async () => {
    await alice.go("/web/login?redirect_uri=https://evil.example/web/");
    await alice.heading("Signed in as alice");
    assert.equal(new URL(page.url()).origin, cluster.url);
  });

  await t.step("another's key is told in words, and another way can be tried", async () => {
    await using mallory = await Visitor.arrive(browser, { url: cluster.url });
    await mallory.go("/web/login");
    await mallory.press("Sign in without a password");
    await mallory.page.getByText("The key was not used in time, or the prompt was closed.")
      .waitFor();
    assert.ok(await mallory.page.getByLabel("User name").isVisible());
  });

  await t.step("waiting for the key can be stopped", async () => {
    await using bob = await Visitor.arrive(browser, { url: cluster.url });
    await bob.key.touches(false);
    await bob.go("/web/login");
    await bob.press("Sign in without a password");
    await bob.page.getByRole("heading", { name: "Touch your security key" }).waitFor();
    await bob.press("Stop waiting");
    await bob.page.getByLabel("User name").waitFor();
    assert.equal(await bob.page.locator(".notice").count(), 0);
  });

  await t.step("a key picked from the name field's suggestions signs in", async () => {
    await using dave = await Visitor.arrive(browser, { url: cluster.url, transport: "internal" });
    await dave.page.goto(await cluster.invite("dave"));
    await dave.page.getByLabel("Security key alone, without a password").check();
    await dave.press("Register security key");
    await dave.heading("You are set up, dave");
    await dave.go("/web");
    await dave.press("Sign out");
    // Chromium picks for the person as soon as the page offers it.
    await dave.heading("Signed in as dave");
  });

  await t.step("a key that only another cluster knows is told apart", async () => {
    await using elsewhere = await InProcessCluster.start({ clusterName: "other" });
    await using erin = await Visitor.arrive(browser, { url: cluster.url });
    await erin.page.goto(await elsewhere.invite("erin"));
    await erin.page.getByLabel("Security key alone, without a password").check();
    await erin.press("Register security key");
    await erin.heading("You are set up, erin");
    await erin.go("/web/login");
    await erin.press("Sign in without a password");
    await erin.page.getByText("This key is not known here.").waitFor();
  });

  await t.step(
    "an address that is not the cluster's own is told, and no password blamed",
    async () => {
      await using lost = await Visitor.arrive(browser, {
        url: `https://127.0.0.1:${cluster.port}`,
      });
      await lost.go("/web/login");
      await lost.page.getByLabel("User name").fill("alice");
      await lost.page.getByLabel("Password", { exact: true }).fill("correct horse battery");
      await lost.press("Sign in with security key");
      await lost.page.getByText("The cluster does not answer pages at this address.").waitFor();
    },
  );

  await t.step("a browser without WebAuthn is told what to use instead", async () => {
    const before = "delete globalThis.PublicKeyCredential";
    await using old = await Visitor.arrive(browser, { url: cluster.url, before });
    await old.go("/web/login");
    await old.heading("This browser cannot use security keys");
  });

  assert.deepEqual(alice.faults, []);
});

Deno.test("the sign-in page after too many tries says when to try again", async () => {
  await using cluster = await InProcessCluster.start({
    authLimits: { signInPerName: { burst: 1, refillMs: 3000 } },
  });
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await Chromium.start());
  const visitor = stack.use(await Visitor.arrive(browser, { url: cluster.url }));
  const { page } = visitor;
  await visitor.go("/web/login");
  await page.getByLabel("User name").fill("alice");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await visitor.press("Sign in with security key");
  await page.getByText("Name and password do not match.").waitFor();
  await visitor.press("Sign in with security key");
  await page.getByText("Too many tries.").waitFor();
  await page.getByText(/You can try again in \d seconds?\./).waitFor();
  const submit = page.getByRole("button", { name: "Sign in with security key" });
  assert.equal(await submit.getAttribute("aria-disabled"), "true");
  await page.getByText("Too many tries.").waitFor({ state: "detached" });
  assert.equal(await submit.getAttribute("aria-disabled"), null);
});
